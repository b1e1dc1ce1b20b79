"""A root shell as it is in a container: with fewer capabilities than root has elsewhere."""

import os

import pytest

# What Docker gives, by name and as a set.
DOCKERS = (
    *("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "net_bind_service"),
    *("net_raw", "sys_chroot", "mknod", "audit_write", "setfcap"),
)
DOCKERS_SET = 0xA80425FB
FEWEST = ("chown", "setgid", "setuid")


def root_with(*capabilities: str) -> list[str]:
    """What a command begins with that shall have these at most."""
    if os.geteuid() != 0:
        pytest.skip("needs a root shell, from which capabilities can be taken")
    return ["setpriv", f"--bounding-set={','.join(['-all', *(f'+{name}' for name in capabilities)])}"]
