"""Two folders change places in one step: whoever lists one of them sees it before or after, never half.

Linux has the system call renameat2 for it, macOS renamex_np. Python has neither.
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

from maintenance.errors import MaintenanceFailed

AT_FDCWD = -100
RENAME_EXCHANGE = 2
RENAME_SWAP = 2
NOT_SUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


def exchange(one: Path, other: Path) -> None:
    """Both are on one file system, and both are there.

    Raises:
        MaintenanceFailed: this file system cannot do it.
        OSError: anything else.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = libc.renamex_np(first, second, RENAME_SWAP)
    else:
        failed = libc.renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)
    if not failed:
        return
    code = ctypes.get_errno()
    if code in NOT_SUPPORTED:
        raise MaintenanceFailed(
            f"The file system of {one.parent} cannot let two folders change places at once, which compaction needs: "
            "otherwise a reader could see a row twice. Put LAKE_ROOT on one that can (ext4, XFS, Btrfs, tmpfs, APFS)."
        )
    raise OSError(code, os.strerror(code), str(one), None, str(other))
