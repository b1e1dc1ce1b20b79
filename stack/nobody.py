"""PostgreSQL refuses to run as root: in a root shell it becomes `nobody` (docs/decisions/0005-postgres-as-root.md)."""

import os
import re
import shutil
from pathlib import Path

from stack.errors import StackError

NOBODY = "65534"
# Bits of a set of capabilities, as in linux/capability.h. Of the first two `nobody` keeps the one that comes first.
TO_ENTER_FOLDERS = {"dac_read_search": 1 << 2, "dac_override": 1 << 1}
SETPCAP = 1 << 8  # lets root say what is kept


def as_nobody() -> list[str]:
    """What a command of PostgreSQL begins with; nothing if we are not root."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise StackError("PostgreSQL refuses to run as root: be another user, or install util-linux (setpriv).")
    return become_nobody(_bounding_set())


def become_nobody(bounding_set: int) -> list[str]:
    """Become `nobody` with one capability, if root has it to give: the checkout may lie where only root may enter.

    `no_setuid_fixup` lets the capability count for access(2) as well.
    """
    kept = _kept(bounding_set)
    capabilities = f"-all,+{kept}" if kept else "-all"
    return [
        "setpriv",
        *(["--securebits=+no_setuid_fixup"] if kept else []),
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}",
        f"--bounding-set={capabilities}",
    ]


def advice(error: str) -> str:
    """What to do about it, if it comes of a `nobody` without a capability."""
    if os.geteuid() != 0 or "Permission denied" not in error or _kept(_bounding_set()):
        return ""
    return (
        "\nIt runs as `nobody`, and root lacks the capability to let it in: allow CAP_DAC_READ_SEARCH or "
        "CAP_DAC_OVERRIDE, and CAP_SETPCAP; or put the checkout and COINLOOM_HOME where everybody may enter."
    )


def give_to_nobody(path: Path) -> None:
    """Have it belong to whom `as_nobody` makes of root."""
    if os.geteuid() == 0:
        os.chown(path, int(NOBODY), int(NOBODY))


def _kept(bounding_set: int) -> str | None:
    given = bounding_set if bounding_set & SETPCAP else 0
    return next((name for name, bit in TO_ENTER_FOLDERS.items() if given & bit), None)


def _bounding_set() -> int:
    """What a program that root starts may have at most; Docker leaves `dac_read_search` out."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return int(found[1], 16) if found else 0
