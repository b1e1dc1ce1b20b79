"""The file .env: where a local installation keeps its secrets."""

import re
import secrets
from pathlib import Path

from coinloom.settings import REPOSITORY

ENV_FILE = REPOSITORY / ".env"
EXAMPLE = REPOSITORY / ".env.example"
GENERATED = ("POSTGRES_PASSWORD", "BI_READER_PASSWORD")


def ensure_env_file(path: Path = ENV_FILE) -> bool:
    """Write .env from .env.example with new random passwords, readable by its owner only; False when it exists."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return False
    text = EXAMPLE.read_text()
    for name in GENERATED:
        text = re.sub(f"^{name}=$", f"{name}={secrets.token_urlsafe(24)}", text, flags=re.MULTILINE)
    path.write_text(text)
    return True
