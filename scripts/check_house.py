#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules: licence lines, no sleeps in tests, no paths of one machine, no stray notes."""
import os
import re
import unittest

from check_common import CPP, is_source, line_of, main, mask

LICENCE = "SPDX-License-Identifier: Apache-2.0"
# Each: what is wrong, the files it is wrong in, the cure.
TESTS = re.compile(r"^(tests|perf)/")
ANY = re.compile(r"")
RULES = [
    (re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|\btime\.sleep\b|(?<![\w.:])sleep\("),
     re.compile(r"^tests/.*\.(cc|h|py)$"),
     "tests wait for an event, never for time: use a condition, a manual clock or poll()"),
    (re.compile(r"(^|[;&|]|\bdo\b|\bthen\b)\s*sleep\s+[0-9.$]", re.MULTILINE),
     re.compile(r"^tests/.*(\.sh$|/[^.]*$)"),
     "tests wait for an event: poll the thing itself with a short time-out"),
    (re.compile(r"(?<![\w.~$}/-])/(?:work|home/\w+|root|Users/\w+)/"), ANY,
     "a path of one machine: derive it from the repository root or a parameter"),
    (re.compile(r"\b(?:FIX" + r"ME|X" + r"XX|HA" + r"CK)\b"), ANY,
     "finish it, or open an issue and name its number in a numbered note"),
    (re.compile(r"^\s*#\s*if\s+0\b", re.MULTILINE), re.compile(r"\.(cc|h)$"),
     "dead code: delete it, the history keeps it"),
    (re.compile(r"(^|[;&|(]|\bdo\b|\bthen\b)\s*(?:pkill|killall)\b", re.MULTILINE), ANY,
     "end a process by its id, never by a name"),
]


def lacks_licence(name, text):
    # Data that tests compare byte by byte carries no comment.
    return is_source(name) and LICENCE not in "\n".join(text.split("\n", 3)[:3])


def check_file(name, text):
    if lacks_licence(name, text):
        yield 1, f"begin with a comment '{LICENCE}' (second line of a script)"
    if name == os.path.relpath(__file__, os.path.dirname(os.path.dirname(__file__))):
        return
    code = mask(text, keep_strings=True) if name.endswith(CPP) else text
    for pattern, where, cure in RULES:
        if where.search(name):
            for match in pattern.finditer(code):
                yield line_of(code, match.end()), cure


def wanted(name):
    if name == "LICENSE" or name.startswith("tests/golden/"):
        return False
    return is_source(name) or name.endswith((".md", ".json", ".txt", ".supp"))


class Tests(unittest.TestCase):
    def bad(self, text, name="engine/x.cc"):
        return [line for line, _ in check_file(name, f"// {LICENCE}\n" + text)]

    def test_wants_a_licence_line(self):
        self.assertEqual([line for line, _ in check_file("a.h", "int x;\n")], [1])
        self.assertEqual(self.bad("int x;\n"), [])

    def test_refuses_sleeps_in_tests_only(self):
        sleep = "std::this_thread::sleep_" "for(1ms);\n"
        self.assertEqual(self.bad(sleep, "tests/a_test.cc"), [2])
        self.assertEqual(self.bad(sleep, "engine/a.cc"), [])
        self.assertEqual(self.bad("// " + sleep, "tests/a_test.cc"), [])
        self.assertEqual(self.bad("time." "sleep(1)\n", "tests/e2e/a.py"), [2])
        self.assertEqual(self.bad("do\n  sleep" " 0.1\ndone\n", "tests/e2e/a.sh"), [3])

    def test_refuses_machine_paths(self):
        self.assertEqual(self.bad('open("/wo' 'rk/x");\n'), [2])
        self.assertEqual(self.bad('open("/ho' 'me/me/x");\n'), [2])
        self.assertEqual(self.bad('open("a/work/x/" "/homes/x");\n'), [])

    def test_refuses_stray_notes_and_dead_code(self):
        self.assertEqual(self.bad("int a;  // ok\nauto x = \"FIX" "ME\";\n#if " "0\n"), [3, 4])

    def test_refuses_kill_by_name(self):
        self.assertEqual(self.bad("pk" "ill s3backer\n", "scripts/x.sh"), [2])


if __name__ == "__main__":
    main(__doc__, check_file, wanted, Tests)
