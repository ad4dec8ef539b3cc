#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sizes a reader can take in: functions up to 70 lines, files up to 400, lines up to 100."""
import re
import unittest

from check_common import CPP, is_source, line_of, main, mask, mask_directives

FUNCTION_LINES = 70
FILE_LINES = 400
LINE_COLUMNS = 100
CONTROL = ("if", "for", "while", "switch", "catch")


def functions(text):
    """(first line, lines) of each function body in C++ text; lambdas count with their function."""
    code = mask_directives(mask(text))
    inside, depth, i = None, 0, 0
    for match in re.finditer(r"[{}]", code):
        i = match.start()
        if match.group() == "}":
            depth -= 1
            if inside is not None and depth < inside[0]:
                yield inside[1], line_of(code, i) - inside[1] + 1
                inside = None
            continue
        depth += 1
        if inside is None and opens_function(code, i):
            inside = (depth, first_line(code, i))


def opens_function(code, brace):
    head = re.split(r"[;{}]", code[max(0, brace - 2000):brace])[-1].strip()
    if re.match(r"(template\s*<.*>\s*)?(struct|class|union|enum|namespace)\b", head, re.DOTALL):
        return False
    return re.search(r"\)\s*(const|noexcept|override|final|mutable|&&?|->[^;=]*|:[^;]*|\s)*$", head,
                     re.DOTALL) is not None


def first_line(code, brace):
    start = max(code.rfind(c, 0, brace) for c in ";{}") + 1
    blank = re.match(r"\s*", code[start:brace]).end()
    return line_of(code, start + blank)


def python_functions(lines):
    """(first line, lines) of each function at the outer level of Python text."""
    for start, line in enumerate(lines):
        match = re.match(r"( *)(async )?def ", line)
        if not match:
            continue
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or
                                    lines[end].startswith(match.group(1) + " ") or
                                    lines[end].lstrip().startswith(")")):
            end += 1
        while not lines[end - 1].strip():
            end -= 1
        yield start + 1, end - start


def check_file(name, text):
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES:
        yield 1, f"{len(lines) - 1} lines: split the file by responsibility (at most {FILE_LINES})"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS:
            yield number, f"{len(line)} columns: break the line (at most {LINE_COLUMNS})"
    found = functions(text) if name.endswith(CPP) else ()
    if name.endswith(".py"):
        found = python_functions(lines)
    for first, count in found:
        if count > FUNCTION_LINES:
            yield first, f"function of {count} lines: take parts out (at most {FUNCTION_LINES})"


class Tests(unittest.TestCase):
    def bad(self, text, name="x.cc"):
        return [line for line, _ in check_file(name, text)]

    def body(self, lines):
        return "    x();\n" * lines

    def test_files_and_lines(self):
        self.assertEqual(self.bad("x\n" * 400), [])
        self.assertEqual(self.bad("x\n" * 401), [1])
        self.assertEqual(self.bad("\n" + "x" * 101 + "\n"), [2])

    def test_functions(self):
        for head in ("int f() {", "Task<void> S::f(int a) const {", "auto f() -> int {",
                     "S::S(int a) : a_(a), b_(f(a)) {", "TEST(A, B) {", "void f() noexcept\n{"):
            extra = head.count("\n")
            good = f"namespace a {{\n{head}\n{self.body(68 - extra)}}}\n}}\n"
            self.assertEqual(self.bad(good), [], head)
            self.assertEqual(self.bad(good.replace("x()", "y();\n x()", 1)), [2], head)

    def test_braces_in_text_do_not_count(self):
        self.assertEqual(self.bad('void f() {\n  x("{{"); // {\n}\n' + self.body(80)), [])

    def test_classes_and_tables_are_no_functions(self):
        self.assertEqual(self.bad("class alignas(64) S {\n" + "  int x;\n" * 80 + "};\n"), [])
        self.assertEqual(self.bad("int a[] = {\n" + "  1,\n" * 80 + "};\n"), [])

    def test_python(self):
        code = "def f():\n" + "    x()\n" * 70 + "\ndef g():\n    x()\n"
        self.assertEqual(self.bad(code, "x.py"), [1])


if __name__ == "__main__":
    main(__doc__, check_file, is_source, Tests)
