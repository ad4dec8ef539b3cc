# SPDX-License-Identifier: Apache-2.0
"""What is measured: builds of s3backer, other programs that mount a bucket, and raw limits."""
import os
import re
import shutil
import subprocess
import tempfile
import time

import bench_kit


class NotMeasured(Exception):
    """Why a subject has no figures in a case."""


class Mounted:
    """A running program with a file to read and write."""

    def __init__(self, process, point, file):
        self.process, self.point, self.file = process, point, file
        self.ready_seconds = None

    def wait(self, begun, limit):
        while not os.path.ismount(self.point):
            if self.process.poll() is not None:
                raise NotMeasured("it did not start")
            if time.monotonic() - begun > limit:
                self.process.kill()
                raise NotMeasured(f"it was not ready after {limit} s")
            time.sleep(0.002)
        self.ready_seconds = time.monotonic() - begun

    def cpu(self):
        return bench_kit.cpu_seconds(self.process.pid)

    def switches(self):
        return bench_kit.context_switches(self.process.pid)

    def peak_memory(self):
        """Bytes that were resident at the most."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) * 1024

    def statistic(self, name):
        """A line of the statistics file of s3backer, as a number; None if it has no such line."""
        with open(os.path.join(self.point, "stats"), encoding="ascii") as file:
            found = re.search(rf"^{name} +([\d.]+)", file.read(), re.MULTILINE)
        return float(found.group(1)) if found else None

    def end(self):
        """Unmounts and waits until all is stored; what the process has used in all."""
        if os.path.ismount(self.point):
            subprocess.run(["umount", self.point], check=True)
        elif self.process.poll() is None:
            self.process.terminate()
        return self._reap()

    def kill(self):
        """For the end of a case that nothing has to be stored of, and for cleaning up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(["umount", "-l", self.point], check=False, stderr=subprocess.DEVNULL)

    def _reap(self):
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage


def started(name, folder, command, file="file", limit=60, environment=None):
    """Runs `command` with a mount point of its own behind it, and waits until it serves."""
    point = os.path.join(folder, f"mnt-{name}")
    os.makedirs(point, exist_ok=True)
    begun = time.monotonic()
    process = subprocess.Popen([*command, point], env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    mounted = Mounted(process, point, os.path.join(point, file))
    mounted.wait(begun, limit)
    return mounted


class S3Backer:
    """Ours, or another one with the same command line."""

    def __init__(self, name, binary, is_ours=False):
        self.name, self.binary, self.is_ours = name, binary, is_ours

    def version(self):
        result = subprocess.run([self.binary, "--version"], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, check=False)
        return result.stdout.splitlines()[0] if result.stdout else "?"

    def mount(self, place, folder, prefix, options):
        command = [*self._command(place, folder, prefix), "-f", *options, place.bucket]
        return started(self.name, folder, command)

    def erase(self, place, folder, prefix):
        """Deletes what a run has left in somebody's bucket."""
        subprocess.run([*self._command(place, folder, prefix), "--erase", place.bucket],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def _command(self, place, folder, prefix):
        keys = os.path.join(folder, "keys")
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="ascii") as file:
            file.write(f"{place.access_id}:{place.secret}\n")
        return [self.binary, "--quiet", "--force", "--baseURL=" + place.url,
                "--accessFile=" + keys, f"--prefix={prefix}"]


class FileMount:
    """A program that shows each object as a file: whole objects, so only `sequential` suits it."""

    def __init__(self, name):
        self.name, self.binary, self.is_ours = name, shutil.which(name), False

    def version(self):
        result = subprocess.run([self.binary, "--version"], stdout=subprocess.PIPE, text=True,
                                check=False)
        return result.stdout.splitlines()[0]

    def mount(self, place, folder, prefix, _options):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("AWS_")}
        environment.update(
            AWSACCESSKEYID=place.access_id, AWSSECRETACCESSKEY=place.secret,
            RCLONE_CONFIG="/dev/null", RCLONE_S3_PROVIDER="Other", RCLONE_S3_ENDPOINT=place.url,
            RCLONE_S3_ACCESS_KEY_ID=place.access_id, RCLONE_S3_SECRET_ACCESS_KEY=place.secret)
        if self.name == "s3fs":
            command = [self.binary, "-f", "-o", "url=" + place.url, "-o",
                       "use_path_request_style", "-o", "nonempty", place.bucket]
        else:
            # A new cache each time: what it has not uploaded is missing in the next mount.
            command = [self.binary, "mount", "--vfs-cache-mode=writes", "--vfs-write-back=0s",
                       "--cache-dir=" + tempfile.mkdtemp(dir=folder), ":s3:" + place.bucket]
        return started(self.name, folder, command, prefix.strip("/") + ".data", limit=15,
                       environment=environment)

    def erase(self, place, folder, prefix):
        mounted = self.mount(place, folder, prefix, ())
        if os.path.exists(mounted.file):
            os.unlink(mounted.file)
        mounted.end()


class MemoryFile:
    """The limit of the file interface: a file of libfuse's own loop, all of it in memory."""

    name, is_ours = "limit-fuse", False
    binary = os.path.join(bench_kit.BUILD, "perf", "memory_fs")

    def version(self):
        return "one file in memory, libfuse's session loop"

    def mount(self, _place, folder, _prefix, options):
        size = next(option for option in options if option.startswith("--size="))
        megabytes = int(re.search(r"=(\d+)m", size).group(1))
        return started(self.name, folder, [self.binary, str(megabytes)])


class MemoryDisk:
    """The limit of the client: a file on a tmpfs, without any program behind it."""

    name, is_ours = "limit-tmpfs", False

    class File:
        """As far as it is like a Mounted."""

        def __init__(self):
            self.folder = tempfile.mkdtemp(prefix="s3b-bench-", dir="/dev/shm")
            self.file = os.path.join(self.folder, "file")

        def cpu(self):
            return 0

        def switches(self):
            return 0

        def kill(self):
            shutil.rmtree(self.folder, ignore_errors=True)

    def version(self):
        return "fio on a file in memory"

    def mount(self, _place, _folder, _prefix, _options):
        return self.File()


class HttpLoop:
    """The limit of the network: a loop over libcurl that sends or fetches blocks, and no more."""

    name, is_ours = "limit-http", False
    binary = os.path.join(bench_kit.BUILD, "perf", "store_bench")

    def version(self):
        return "libcurl multi in a loop"

    def rate(self, place, verb, block, at_once, seconds):
        """(MB/s, CPU seconds a GiB)."""
        result = subprocess.run(
            [self.binary, place.url, place.bucket, place.access_id, place.secret, verb,
             str(block), str(at_once), str(seconds)], stdout=subprocess.PIPE, text=True, check=True)
        requests = float(re.search(r"(\d+)/s", result.stdout).group(1))
        micros = float(re.search(r"([\d.]+) us of CPU", result.stdout).group(1))
        return (requests * block / bench_kit.MEGABYTE,
                micros * 1e-6 * (1 << 30) / block)
