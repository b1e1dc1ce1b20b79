"""One log format for every process: UTC time, level, part, message, on standard error."""

import logging
import time


def configure_logging(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler()
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These libraries log every reconnection attempt and every command at INFO; what matters arrives as WARNING.
    for chatty in ("kafka", "py4j", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
