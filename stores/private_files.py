"""Files that nobody but their owner may read."""

from pathlib import Path

OWNER_ONLY = 0o600


def make_private(path: Path) -> None:
    """The file is there afterwards, with what it held, for its owner only, whatever the umask is. Raises OSError.

    SQLite gives the files that it makes beside one, as its log, the same rights.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=OWNER_ONLY)
    elif path.stat().st_mode & ~OWNER_ONLY & 0o777:  # of an earlier release
        path.chmod(OWNER_ONLY)
