# SPDX-License-Identifier: Apache-2.0
"""The last resort: finds and removes what a test has left behind, by its directory."""
import os
import shutil
import signal
import subprocess

from harness.mounts import loops_below, mounts_below
from harness.procs import MARK

# Clearing away one thing can reveal the next: a mount below a mount, a loop device under both.
_ROUNDS = 4


def processes_of(directory):
    """Process ids whose environment carries the mark of `directory`."""
    mark = f"{MARK}={directory}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue
    return found


def end_processes(directory, but=()):
    """Kills the processes of a test; their FUSE mounts then answer with errors, not at all late."""
    ended = []
    for pid in processes_of(directory):
        if pid in but:
            continue
        try:
            os.kill(pid, signal.SIGKILL)
            ended.append(f"process {pid}")
        except ProcessLookupError:
            continue
    return ended


def clean(directory):
    """Removes everything below `directory`, and it; returns descriptions of what was no file."""
    found = []
    for _ in range(_ROUNDS):
        now = end_processes(directory)
        loops = loops_below(directory)  # once its mount is gone a path is no longer known
        for point in mounts_below(directory):
            now.append(f"mount {point}")
            _quietly("umount", "-l", point)
            if point in mounts_below(directory):
                _quietly("fusermount3", "-uz", point)
        for device, backing in loops:
            now.append(f"loop device {device} on {backing}")
            _quietly("losetup", "-d", device)
        found += now
        if not now:
            break
    if not mounts_below(directory):
        shutil.rmtree(directory, ignore_errors=True)
    return found


def _quietly(*command):
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=60, check=False)
