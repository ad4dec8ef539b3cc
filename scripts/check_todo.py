#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Notes about work left to do name an open issue: the word, the number, a colon and a blank."""
import re
import unittest

from check_common import is_source, line_of, main

WORD = "TO" + "DO"
NOTE = re.compile(rf"\b{WORD}\b(?!\(#[1-9][0-9]*\): )")


def check_file(name, text):
    for match in NOTE.finditer(text):
        yield (line_of(text, match.start()),
               f"write '{WORD}(#12): what is left', with the number of an open issue")


class Tests(unittest.TestCase):
    def bad(self, text):
        return [line for line, _ in check_file("x.cc", text)]

    def test_accepts_numbered_notes(self):
        self.assertEqual(self.bad(f"// {WORD}(#12): later\n"), [])
        self.assertEqual(self.bad(f"int {WORD}S;\n"), [])

    def test_refuses_others(self):
        code = f"\n// {WORD}: x\n// {WORD}(joe): x\n// {WORD}(#12) x"
        self.assertEqual(self.bad(code), [2, 3, 4])


if __name__ == "__main__":
    main(__doc__, check_file, is_source, Tests)
