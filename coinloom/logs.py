"""One log format for every process: UTC time, level, part, message, on standard error."""

import logging
import time


def configure_logging(level: int = logging.INFO) -> None:
    handler = logging.StreamHandler()
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("py4j", "alembic", "pyhive"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # kafka-python logs errors at each attempt to connect; what they come to, our own part says once.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
