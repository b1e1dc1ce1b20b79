"""The file .env: where a local installation keeps its secrets."""

import re
import secrets
from contextlib import suppress
from pathlib import Path

from coinloom.settings import REPOSITORY
from stores.private_files import OWNER_ONLY

ENV_FILE = REPOSITORY / ".env"
EXAMPLE = REPOSITORY / ".env.example"
GENERATED = ("POSTGRES_PASSWORD", "BI_READER_PASSWORD")


def ensure_env_file(path: Path = ENV_FILE) -> bool:
    """Write .env from .env.example with new random passwords; False when it exists. Either way only its owner reads it.

    One that belongs to somebody else stays as it is: its owner decides who reads it.
    """
    try:
        path.touch(mode=OWNER_ONLY, exist_ok=False)
    except FileExistsError:
        with suppress(PermissionError):
            path.chmod(OWNER_ONLY)
        return False
    text = EXAMPLE.read_text()
    for name in GENERATED:
        text = re.sub(f"^{name}=$", f"{name}={secrets.token_urlsafe(24)}", text, flags=re.MULTILINE)
    path.write_text(text)
    return True
