# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the files of the repository, C++ text without comments, the report."""
import argparse
import io
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CPP = (".h", ".cc")
SOURCES = CPP + (".py", ".sh", ".cmake", "CMakeLists.txt")

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<tag>[^ ()\\\t\v\f\n]*)\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])*'",
    re.DOTALL)


def project_files():
    """All files under version control or about to be, relative to the root."""
    command = ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"]
    names = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    return sorted(n for n in set(names) if n and os.path.isfile(os.path.join(ROOT, n)))


def is_script(name):
    """Shell and Python programs without an extension."""
    if "." in os.path.basename(name) or not os.access(os.path.join(ROOT, name), os.X_OK):
        return False
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read(2) == b"#!"


def is_source(name):
    return name.endswith(SOURCES) or is_script(name)


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8", errors="replace") as file:
        return file.read()


def mask(text, keep_strings=False):
    """C++ with comments, strings and characters blanked; every position and line stays."""
    def blank(match):
        found = match.group(0)
        if keep_strings and found[0] != "/":
            return found
        return re.sub(r"[^\n]", " ", found)
    return _TOKEN.sub(blank, text)


def mask_directives(masked):
    """Blanks preprocessor lines too, with their continuation lines."""
    directive = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
    return directive.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), masked)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def main(doc, check_file, wanted, tests, check_tree=None):
    """Runs a check over the files named, or all files that `wanted` accepts.

    check_file(name, text) yields (line, message); check_tree() yields (name, line, message).
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--self-test", action="store_true", help="test the check itself")
    parser.add_argument("files", nargs="*", help="files to look at; default: the whole project")
    options = parser.parse_args()
    if options.self_test:
        output = io.StringIO()
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(tests)
        result = unittest.TextTestRunner(output).run(suite)
        if not result.wasSuccessful():
            sys.stderr.write(output.getvalue())
        sys.exit(0 if result.wasSuccessful() else 1)
    given = [os.path.relpath(os.path.abspath(name), ROOT) for name in options.files]
    names = given or [name for name in project_files() if wanted(name)]
    found = [(n, line, text) for n in names for line, text in check_file(n, read(n))]
    if check_tree and not given:
        found += check_tree()
    for name, line, message in found:
        print(f"{name}:{line}: {message}")
    sys.exit(1 if found else 0)
