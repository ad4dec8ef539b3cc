# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: the S3 test server, a daemon on a mount point, fio."""
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "release")
BINARY = os.path.join(BUILD, "s3backer")
SERVER = os.path.join(BUILD, "tests", "s3_test_server")
BUCKET = "bench"
CREDENTIALS = ("ID", "KEY")
MEGABYTE = 1 << 20


class Server:
    """The test server with one bucket. It trusts digests: a service has its own CPUs for them."""

    def __init__(self, binary, folder, *options):
        port_file = os.path.join(folder, "port")
        access_id, secret = CREDENTIALS
        self.process = subprocess.Popen(
            [binary, "--port-file=" + port_file, "--access-id=" + access_id, "--secret=" + secret,
             "--bucket=" + BUCKET, "--trust-digests", *options], stdout=subprocess.DEVNULL)
        while not os.path.exists(port_file):
            if self.process.poll() is not None:
                sys.exit("the test server did not start")
            time.sleep(0.05)
        with open(port_file, encoding="ascii") as file:
            self.url = f"http://127.0.0.1:{file.read().strip()}/"
        os.remove(port_file)

    def stats(self):
        with urllib.request.urlopen(self.url + "_admin/stats") as answer:
            return json.load(answer)

    def end(self):
        self.process.terminate()
        self.process.wait()


def cpu_seconds(pid):
    """User and system time of a process so far, of its threads that have ended, too."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def context_switches(pid):
    """Of all threads that a process has now, so far."""
    total = 0
    folder = f"/proc/{pid}/task"
    for task in os.listdir(folder):
        try:
            with open(f"{folder}/{task}/status", encoding="ascii") as file:
                total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", file.read())))
        except FileNotFoundError:
            pass  # it has ended
    return total


def fio(path, pattern, megabytes, depth, *more, jobs=1, kib=4):
    """What fio says of reads or writes of so much of a file, past the page cache."""
    result = subprocess.run(
        ["fio", "--name=x", "--filename=" + path, "--rw=" + pattern, f"--bs={kib}k", "--direct=1",
         "--ioengine=io_uring", f"--iodepth={depth}", f"--numjobs={jobs}", "--group_reporting",
         f"--size={megabytes}m", "--norandommap", "--randrepeat=0", "--output-format=json", *more],
        stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)["jobs"][0]["read" if "read" in pattern else "write"]


class Daemon:
    """A daemon in the foreground, and its mount point in `folder`."""

    def __init__(self, binary, url, folder, *options, stderr=subprocess.DEVNULL):
        self.point = os.path.join(folder, "mnt")
        self.file = os.path.join(self.point, "file")
        os.makedirs(self.point, exist_ok=True)
        access_id, secret = CREDENTIALS
        self.command = [binary, "-f", "--baseURL=" + url, "--accessId=" + access_id,
                        "--accessKey=" + secret, *options, "--force", BUCKET, self.point]
        self.process = subprocess.Popen(self.command, stderr=stderr, text=True)

    def wait_until_mounted(self):
        while not os.path.ismount(self.point):
            if self.process.poll() is not None:
                sys.exit("a daemon did not start: " + " ".join(self.command))
            time.sleep(0.02)

    def memory(self):
        """Resident kB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    def cpu(self):
        """Seconds of user and system time so far."""
        return cpu_seconds(self.process.pid)

    def threads(self):
        """{name of a thread: (nanoseconds run, nanoseconds ready but not run)} so far."""
        result = {}
        folder = f"/proc/{self.process.pid}/task"
        for task in os.listdir(folder):
            try:
                with open(f"{folder}/{task}/comm", encoding="ascii") as file:
                    name = file.read().strip()
                with open(f"{folder}/{task}/schedstat", encoding="ascii") as file:
                    run, wait = (int(number) for number in file.read().split()[:2])
            except FileNotFoundError:
                continue  # it has ended
            old = result.get(name, (0, 0))
            result[name] = (old[0] + run, old[1] + wait)
        return result

    def stats(self):
        """{label: value} of the statistics file."""
        with open(os.path.join(self.point, "stats"), encoding="ascii") as file:
            return {label: float(value) for label, value in
                    re.findall(r"^(\w+) +([\d.]+)", file.read(), re.MULTILINE)}

    def end(self):
        """Unmounts and waits until all is stored; the CPU seconds that the daemon has used."""
        if os.path.ismount(self.point):
            subprocess.run(["umount", self.point], check=True)
        elif self.process.poll() is None:
            self.process.terminate()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_utime + usage.ru_stime


def compare(subjects, rounds, title, round_of):
    """Interleaved rounds of all subjects, (name, binary) each, the first one ours.

    `round_of(name, binary, number)` yields {figure: value}; prints medians and the ratio of the
    first subject to the second.
    """
    results = {name: [] for name, _ in subjects}
    for number in range(rounds):
        for name, binary in subjects:
            results[name].append(round_of(name, binary, number))
    print(f"\n{title}, medians of {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for figure in results[subjects[0][0]][0]:
        medians = [statistics.median(r[figure] for r in results[name]) for name, _ in subjects]
        ratio = f"   ratio {medians[0] / medians[1]:.2f}" if len(medians) > 1 else ""
        line = "  ".join(f"{name} {value:10.1f}" for (name, _), value in zip(subjects, medians))
        print(f"  {figure:24} {line}{ratio}", flush=True)


def random_reads(path, megabytes, *options):
    """What fio says of reads of 4 KiB at random places of the first so many MiB, one at a time."""
    result = subprocess.run(
        ["fio", "--name=reads", "--filename=" + path, "--rw=randread", "--bs=4k", "--direct=1",
         "--ioengine=psync", f"--size={megabytes}m", "--output-format=json", *options],
        stdout=subprocess.PIPE, check=True)
    return json.loads(result.stdout)["jobs"][0]["read"]


def sample_block(number):
    """1 MiB of words and some noise: becomes less than half."""
    source = random.Random(number)
    words = ["".join(source.choices("etaoinshrdlu", k=source.randint(2, 9))) for _ in range(3000)]
    pieces = []
    for _ in range(MEGABYTE // 4096):
        text = " ".join(source.choices(words, k=800)).encode()
        pieces.append(text[:3700] + source.randbytes(396))
    return b"".join(pieces)
