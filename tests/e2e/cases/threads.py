# SPDX-License-Identifier: Apache-2.0
"""Which threads there are, and what they do while nothing happens: nothing."""
import os
import re
import subprocess

from harness.files import DirectFile, pattern
from harness.procs import Process
from harness.registry import case, expect, expect_equal

BLOCK = 65536
SIZE = ("--size=4m", f"--blockSize={BLOCK}")
# Our threads beside the main one, and those that the kernel makes for io_uring.
KNOWN = re.compile(r"s3b-cpu-(\d+|urgent)|iou-(wrk|sqp)-\d+")
WATCH_SECONDS = 10
ATTACH_TICKS = 1


def _work(daemon):
    with DirectFile(daemon.file) as file:
        for number in range(20):
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        for number in range(64):
            file.read(number * BLOCK, BLOCK)


def _threads(daemon):
    """{thread id: name}"""
    found = {}
    for tid in os.listdir(f"/proc/{daemon.pid}/task"):
        try:
            with open(f"/proc/{daemon.pid}/task/{tid}/comm", encoding="ascii") as file:
                found[int(tid)] = file.read().strip()
        except FileNotFoundError:
            continue  # it has ended meanwhile
    return found


def _processor_time(daemon):
    """Clock ticks that all its threads have used."""
    with open(f"/proc/{daemon.pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def _calls_made(trace_file, ignored):
    """Lines of strace about calls that ended or began while it watched, not of threads ignored."""
    with open(trace_file, encoding="ascii", errors="replace") as file:
        lines = [line for line in file.read().splitlines() if line.split()[0] not in ignored]
    sleeping = re.compile(r"^(\d+ +)?(\w+\(|restart_syscall\(<\.\.\. ).*"
                          r"(<unfinished \.\.\.>|<detached \.\.\.>| \?+)?$")
    ended = re.compile(r"\) *= |resumed>")
    # strace itself wakes the sleepers once when it attaches; they go back to sleep, with the new
    # number if that of the futex has changed meanwhile: that once.
    woken = re.compile(r"= -1 EINTR|= \? ERESTART")
    changed = re.compile(r"futex.* = -1 EAGAIN")
    calls, seen = [], set()
    for line in filter(ended.search, lines):
        thread = line.split()[0]
        if changed.search(line) and thread not in seen:
            seen.add(thread)
        elif not woken.search(line):
            calls.append(line)
    strange = [line for line in lines if not sleeping.match(line) and not ended.search(line)]
    return calls + strange


@case("the only threads are the main one, the workers, and those of io_uring", smoke=True)
def _names(world):
    daemon = world.mount(world.http_store(world.server()), *SIZE)
    _work(daemon)
    names = _threads(daemon)
    names.pop(daemon.pid)
    if world.settings.transport == "threads":
        names = {task: name for task, name in names.items() if not name.startswith("s3b-hit-")}
    strangers = [name for name in names.values() if not KNOWN.fullmatch(name)]
    expect_equal(strangers, [], "threads of unknown purpose")
    daemon.unmount()


@case("an idle daemon makes no system call and uses no processor time", needs=("strace",))
def _idle(world):
    daemons = [world.mount(store, *SIZE) for store in (world.http_store(world.server()),
                                                       world.directory_store())]
    traces = []
    for daemon in daemons:
        _work(daemon)
    # The kernel ends its own idle workers after a while.
    kernels = {str(tid) for daemon in daemons for tid, name in _threads(daemon).items()
               if name.startswith("iou-")}
    before = [_processor_time(daemon) for daemon in daemons]
    for daemon in daemons:
        output = world.new_path("trace")
        strace = Process.start(["timeout", WATCH_SECONDS, "strace", "-f", "-o", output,
                                "-p", daemon.pid], world.directory,
                               stderr=subprocess.DEVNULL)
        world.on_close(strace.end)
        traces.append((strace, output))
    for strace, output in traces:
        strace.wait(WATCH_SECONDS + 20)
        calls = _calls_made(output, kernels)
        expect(not calls, f"{len(calls)} system calls while idle: {calls[:10]}")
    # Being watched costs a little: strace stops each thread once to attach and once to leave.
    for daemon, ticks in zip(daemons, before):
        used = _processor_time(daemon) - ticks
        expect(used <= ATTACH_TICKS, f"{used} clock ticks used while idle")
    for daemon in daemons:
        daemon.unmount()
