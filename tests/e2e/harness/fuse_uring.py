# SPDX-License-Identifier: Apache-2.0
"""The kernel's switch for FUSE over io_uring."""
import os

PARAMETER = "/sys/module/fuse/parameters/enable_uring"


def available():
    return os.path.exists(PARAMETER)


def switch(transport):
    """Off for "dev", as it is for None, else on. Returns what restore() needs."""
    if transport is None or not available():
        return None
    with open(PARAMETER, encoding="ascii") as file:
        before = file.read().strip()
    restore("N" if transport == "dev" else "Y")
    return before


def restore(before):
    if before is not None:
        with open(PARAMETER, "w", encoding="ascii") as file:
            file.write(before)
