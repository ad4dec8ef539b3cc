# SPDX-License-Identifier: Apache-2.0
"""The list of tests. A case is a function of a World whose name in the report is a sentence."""
import dataclasses
import importlib
import os
import shutil
from typing import Callable

from cases import THEMES

# Where `scripts/setup all` puts it.
S3RVER_PROGRAM = os.path.abspath(os.path.join(
    os.path.dirname(__file__), *[os.pardir] * 3, "build", "npm", "node_modules", "s3rver", "bin",
    "s3rver.js"))

_cases = []


class Failure(Exception):
    """An expectation of a test was not met."""


class Skip(Exception):
    """The test cannot run here; the text says why."""


@dataclasses.dataclass(frozen=True)
class Case:
    theme: str
    sentence: str
    function: Callable
    needs: tuple       # names of PREREQUISITES
    smoke: bool        # belongs to the small subset for slow (sanitized) builds
    time_limit: float  # seconds, on busy processors

    @property
    def name(self):
        return f"{self.theme}: {self.sentence}"

    def servers(self):
        """Which of KEPT_SERVERS it needs."""
        return [name for name in self.needs if name in KEPT_SERVERS]


def case(sentence, *, needs=(), smoke=False, time_limit=60):
    """Makes the decorated function(world) a test."""
    def add(function):
        theme = function.__module__.rsplit(".", 1)[-1]
        _cases.append(Case(theme, sentence, function, tuple(needs), smoke, time_limit))
        return function
    return add


def all_cases():
    """All tests in order. Their names are unique."""
    if not _cases:
        for theme in THEMES:
            importlib.import_module(f"cases.{theme}")
    names = [c.name for c in _cases]
    assert len(names) == len(set(names)), "two tests have the same name"
    return list(_cases)


def named_case(function):
    """The test that this function of a theme is."""
    return next(c for c in _cases if c.function is function)


def expect(condition, text):
    """Fails the test with `text` unless `condition` holds."""
    if not condition:
        raise Failure(text)


def expect_equal(found, wanted, what):
    if found != wanted:
        raise Failure(f"{what}: {found!r}, expected {wanted!r}")


def expect_errno(number, action, what):
    """`action()` must fail with this errno."""
    try:
        result = action()
    except OSError as error:
        got = os.strerror(error.errno)
        expect(error.errno == number, f"{what}: {got}, expected {os.strerror(number)}")
        return
    raise Failure(f"{what}: no error ({result!r}), expected {os.strerror(number)}")


def _lacks_commands(*commands):
    missing = [name for name in commands if shutil.which(name) is None]
    return f"not installed: {' '.join(missing)}" if missing else None


def _lacks_s3rver():
    missing = _lacks_commands("node")
    return missing or (None if os.path.exists(S3RVER_PROGRAM) else "not installed: s3rver")


# Of these, one process serves all tests.
KEPT_SERVERS = ("ceph", "swift", "s3rver")

# Each tells what is missing, or None.
PREREQUISITES = {
    "debian": lambda: _lacks_commands("s3backer"),
    "xfs": lambda: _lacks_commands("mkfs.xfs", "xfs_repair"),
    "ceph": lambda: _lacks_commands("ceph", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin",
                                    "ceph-authtool", "monmaptool"),
    "swift": lambda: _lacks_commands("swift-proxy-server", "swift-account-server",
                                     "swift-container-server", "swift-object-server",
                                     "swift-ring-builder", "memcached", "openssl"),
    "s3rver": _lacks_s3rver,
    "prometheus": lambda: _lacks_commands("prometheus", "promtool"),
    "lintian": lambda: _lacks_commands("lintian"),
    "strace": lambda: _lacks_commands("strace", "timeout"),
    "openssl": lambda: _lacks_commands("openssl"),
    "loop": lambda: None if os.path.exists("/dev/loop-control") else "no loop devices",
}


def what_is_missing(one):
    """Why `one` cannot run here; None if it can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    if not os.path.exists("/dev/fuse"):
        return "no /dev/fuse"
    return next((text for text in (PREREQUISITES[n]() for n in one.needs) if text), None)
