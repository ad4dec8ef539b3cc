#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layers: a file includes only what the USES of its s3b_library line in CMakeLists.txt names."""
import os
import re
import unittest

from check_common import CPP, ROOT, line_of, main, mask, project_files, read

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
KEYWORDS = ("FOLDER", "SOURCES", "USES", "LINKS")
FREE = ("tests", "perf")  # these may include anything


class Library:
    def __init__(self, name, folder, sources, uses):
        self.name, self.folder, self.uses = name, folder, set(uses)
        self.stems = {f"{folder}/{os.path.splitext(s)[0]}" for s in sources}


def parse_libraries(cmake):
    """The s3b_library lines of a CMakeLists.txt."""
    libraries = []
    for match in re.finditer(r"^s3b_library\(([^)]*)\)", re.sub(r"#[^\n]*", "", cmake), re.M):
        name, *words = match.group(1).split()
        parts, keyword = {k: [] for k in KEYWORDS}, None
        for word in words:
            if word in KEYWORDS:
                keyword = word
            else:
                parts[keyword].append(word)
        libraries.append(Library(name, "".join(parts["FOLDER"]), parts["SOURCES"], parts["USES"]))
    return libraries


def owners(libraries, path):
    """The libraries that a file belongs to: the one that lists it, else all of its folder."""
    stem, folder = os.path.splitext(path)[0], os.path.dirname(path)
    exact = [lib for lib in libraries if stem in lib.stems]
    if exact:
        return exact
    while folder:
        found = [lib for lib in libraries if lib.folder == folder]
        if found:
            return found
        folder = os.path.dirname(folder)
    return []


def check_include(libraries, path, included):
    """What is wrong with one #include, or None."""
    if included.split("/")[0] in FREE:
        return "sources never include tests or benchmarks"
    mine, theirs = owners(libraries, path), owners(libraries, included)
    if not mine:
        return "this folder has no s3b_library line in CMakeLists.txt: add one"
    if not theirs:
        return f'"{included}" belongs to no s3b_library: write includes from the root'
    allowed = {lib.name for lib in mine}.union(*(lib.uses for lib in mine))
    if not allowed & {lib.name for lib in theirs}:
        return (f'"{included}" belongs to {theirs[0].name}, which USES of {mine[0].name} in '
                "CMakeLists.txt does not name: move the code, or declare an interface below")
    return None


def make_check(libraries, exists):
    def check_file(name, text):
        code = mask(text, keep_strings=True)
        for match in INCLUDE.finditer(code):
            included, line = match.group(1), line_of(code, match.start(1))
            if not exists(included):
                yield line, f'no "{included}": includes start at the root of the repository'
            elif name.split("/")[0] not in FREE:
                wrong = check_include(libraries, name, included)
                if wrong:
                    yield line, wrong
    return check_file


def check_tree(libraries):
    """Folders named in USES must exist, and no two libraries may use each other."""
    names = {lib.name: lib for lib in libraries}
    for lib in libraries:
        for used in lib.uses:
            if used not in names:
                yield "CMakeLists.txt", 1, f"{lib.name} USES {used}, which no s3b_library declares"
            elif lib.name in names[used].uses:
                yield "CMakeLists.txt", 1, f"{lib.name} and {used} use each other: cut one way"


def wanted(name):
    return name.endswith(CPP)


class Tests(unittest.TestCase):
    LIBRARIES = parse_libraries("""
s3b_library(base FOLDER engine/base SOURCES a.cc)  # floor
s3b_library(net FOLDER net SOURCES n.cc
  USES base LINKS CURL::libcurl)
s3b_library(engine FOLDER engine SOURCES v.cc USES base net)
s3b_library(options FOLDER engine SOURCES o.cc USES base)
""")

    def bad(self, name, *included):
        text = "".join(f'#include "{i}"\n' for i in included)
        check = make_check(self.LIBRARIES, lambda path: path != "missing.h")
        return [line for line, _ in check(name, text)]

    def test_accepts_own_folder_and_uses(self):
        self.assertEqual(self.bad("net/n.cc", "net/n.h", "engine/base/a.h"), [])
        self.assertEqual(self.bad("engine/v.cc", "net/x.h", "engine/base/a.h"), [])
        self.assertEqual(self.bad("tests/net/t.cc", "engine/v.h", "tests/fakes/f.h"), [])

    def test_refuses_others(self):
        self.assertEqual(self.bad("engine/base/a.cc", "engine/base/b.h", "net/n.h"), [2])
        self.assertEqual(self.bad("net/n.cc", "engine/v.h", "tests/fakes/f.h"), [1, 2])
        self.assertEqual(self.bad("net/n.cc", "missing.h"), [1])
        self.assertEqual(self.bad("other/n.cc", "net/n.h"), [1])

    def test_tells_libraries_of_one_folder_apart(self):
        self.assertEqual(self.bad("engine/o.cc", "net/n.h"), [1])
        self.assertEqual(self.bad("engine/o.cc", "engine/v.h"), [1])

    def test_finds_cycles(self):
        pair = parse_libraries("s3b_library(a FOLDER a USES b)\ns3b_library(b FOLDER b USES a c)\n")
        self.assertEqual(len(list(check_tree(pair))), 3)


if __name__ == "__main__":
    known = set(project_files())
    declared = parse_libraries(read("CMakeLists.txt"))
    main(__doc__, make_check(declared, lambda path: path in known or
                             os.path.isfile(os.path.join(ROOT, path))),
         wanted, Tests, lambda: list(check_tree(declared)))
