# SPDX-License-Identifier: Apache-2.0
"""The kernel's mount table, loop devices and file systems on them."""
import os
import re
import select

from harness.procs import run, wait_until
from harness.registry import Failure


class MountTable:
    """/proc/self/mountinfo, which poll() reports changes of."""

    def __init__(self):
        self._fd = os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)

    def close(self):
        os.close(self._fd)

    @property
    def watch(self):
        return self._fd, select.POLLPRI | select.POLLERR

    def rows(self):
        """(mount point, type, source, options, minor device number), in mount order."""
        os.lseek(self._fd, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self._fd, 65536):
            parts.append(part)
        for line in b"".join(parts).decode(errors="replace").splitlines():
            left, right = line.split(" - ", 1)
            fields, (fstype, source, _) = left.split(), right.split(" ", 2)
            yield _unescape(fields[4]), fstype, _unescape(source), fields[5], \
                int(fields[2].split(":")[1])

    def row(self, point):
        """The topmost mount at `point`, or None."""
        return next((row for row in reversed(list(self.rows())) if row[0] == str(point)), None)

    def below(self, directory):
        """Mount points in `directory`, innermost first."""
        inside = str(directory).rstrip("/") + "/"
        return [row[0] for row in reversed(list(self.rows())) if row[0].startswith(inside)]


def _unescape(text):
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), text)


def mounts_below(directory):
    table = MountTable()
    try:
        return table.below(directory)
    finally:
        table.close()


def loops_below(directory):
    """(device, backing file) of the loop devices on files in `directory`."""
    found = []
    for name in sorted(os.listdir("/sys/block")):
        try:
            with open(f"/sys/block/{name}/loop/backing_file", encoding="utf-8") as file:
                backing = file.read().strip()
        except OSError:
            continue
        if backing.startswith(str(directory).rstrip("/") + "/"):
            found.append((f"/dev/{name}", backing))
    return found


class Loop:
    """A loop device with direct I/O on a file."""

    def __init__(self, directory, path):
        self._directory = directory
        self._path = str(path)
        _, text = run(["losetup", "--find", "--show", "--direct-io=on", path], directory)
        self.device = text.strip().splitlines()[-1]

    def attached(self):
        return any(device == self.device and backing == self._path
                   for device, backing in loops_below(os.path.dirname(self._path)))

    def detach(self):
        """Ends when the device has let go of its file. Harmless when it was detached before."""
        if self.attached():
            run(["losetup", "-d", self.device], self._directory)
            wait_until(lambda: not self.attached(), f"{self.device} lets go of {self._path}")


class FileSystem:
    """A mounted file system on a block device."""

    def __init__(self, directory, device, point):
        self._directory = directory
        self.point = str(point)
        os.makedirs(self.point, exist_ok=True)
        run(["mount", device, self.point], directory)

    def unmount(self):
        """Harmless when it was unmounted before."""
        if os.path.ismount(self.point):
            unmount(self.point, self._directory)


def unmount(point, directory, timeout=30):
    """Unmounts; a file that was closed a moment ago may make that fail for a moment."""
    last = ""

    def try_it():
        nonlocal last
        status, last = run(["umount", point], directory, timeout=120, check=False)
        return status == 0
    try:
        wait_until(try_it, "umount", timeout)
    except Failure as failure:
        raise Failure(f"cannot unmount {point}: {last.strip()}") from failure


def make_file_system(kind, device, directory):
    command = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}[kind]
    run([*command, device], directory, timeout=120)


def check_file_system(kind, device, directory):
    """Fails unless the checker of that file system finds nothing to complain about."""
    command = {"ext4": ["e2fsck", "-fn"], "xfs": ["xfs_repair", "-n"]}[kind]
    run([*command, device], directory, timeout=120)
