# SPDX-License-Identifier: Apache-2.0
"""The demonstration: scripts/quickstart."""
import os
import select
import signal

from harness.leftovers import processes_of
from harness.mounts import MountTable, loops_below, mounts_below
from harness.procs import Process, wait_until
from harness.registry import Failure, case, expect_equal


def _start(world, log):
    # A process group of its own: Ctrl-C reaches all of it.
    return Process.start([world.settings.root / "scripts/quickstart",
                          f"--binary={world.settings.binary}"], world.directory,
                         stdout=log, stderr=log, start_new_session=True)


def _expect_clean(world):
    expect_equal(mounts_below(world.directory), [], "mounts left")
    expect_equal(loops_below(world.directory), [], "loop devices left")
    expect_equal(processes_of(world.directory), [], "processes left")


@case("quickstart shows a file system that survives a remount, and cleans up", needs=("loop",),
      time_limit=180)
def _success(world):
    with open(world.path("log"), "w+b") as log:
        status = _start(world, log).wait(170)
        log.seek(0)
        text = log.read().decode(errors="replace")
    if status != 0 or "are the same after the remount" not in text:
        raise Failure(f"exit status {status}:\n{text}")
    _expect_clean(world)


def _interrupted_when(world, moment, condition):
    """SIGINT as soon as condition(mounts) holds."""
    table = MountTable()
    with open(world.path("log"), "w+b") as log:
        process = _start(world, log)

        def reached():
            if not process.running():
                log.seek(0)
                raise Failure(f"quickstart ended before {moment}: {log.read().decode()}")
            return condition([r for r in table.rows() if r[0].startswith(world.directory + "/")])
        wait_until(reached, moment, 60, [table.watch, (process.fd, select.POLLIN)])
        os.killpg(process.pid, signal.SIGINT)
        expect_equal(process.wait(60), 130, "exit status")
    table.close()
    _expect_clean(world)


@case("quickstart, interrupted when the volume is mounted, leaves nothing", needs=("loop",),
      time_limit=90)
def _interrupted_early(world):
    _interrupted_when(world, "the volume is mounted", lambda rows: len(rows) == 1)


@case("quickstart, interrupted while it copies files, leaves nothing", needs=("loop",),
      time_limit=90)
def _interrupted_late(world):
    _interrupted_when(world, "the file system is mounted", lambda rows: len(rows) == 2)
