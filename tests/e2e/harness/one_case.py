# SPDX-License-Identifier: Apache-2.0
"""Runs one test, in a process of its own: it may be killed without harm to the others."""
import signal
import sys
import traceback

from harness.procs import become_subreaper
from harness.registry import Skip, all_cases
from harness.world import World

# Exit statuses. Python itself ends with 1 for what it cannot handle.
PASSED, FAILED, SKIPPED = 0, 1, 77


class Interrupted(BaseException):
    """The run was stopped, or this test's time is up."""


def _interrupt(_signal, _frame):
    # Only the first one: the clean-up must not be cut short.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Interrupted


def main(settings, name, directory):
    """Runs the test `name` in `directory`; what it prints is the report of its failure."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # not ignored in the daemons, whoever started us
    signal.signal(signal.SIGTERM, _interrupt)
    become_subreaper()
    case = next(c for c in all_cases() if c.name == name)
    world = World(settings, directory)
    try:
        status = _outcome(case, world)
    except Interrupted:
        _report(world)
        status = FAILED
    try:
        world.close(hurry=status != PASSED)
    except (Exception, Interrupted):
        if status == PASSED:
            _report(world)
            status = FAILED
    sys.stdout.flush()
    return status


def _outcome(case, world):
    try:
        case.function(world)
        return PASSED
    except Skip as skip:
        print(skip)
        return SKIPPED
    except Exception:
        _report(world)
        return FAILED


def _report(world):
    kind, error, trace = sys.exc_info()
    here = [f for f in traceback.extract_tb(trace) if "/cases/" in f.filename]
    where = f" ({here[-1].filename.rsplit('/', 1)[-1]}:{here[-1].lineno})" if here else ""
    print(f"{kind.__name__}{where}: {error}")
    if kind.__name__ != "Failure":
        traceback.print_exception(kind, error, trace, file=sys.stdout)
    try:
        print(world.logs()[-8000:])
    except OSError as lost:
        print(f"no logs: {lost}")
