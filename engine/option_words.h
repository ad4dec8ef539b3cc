// SPDX-License-Identifier: Apache-2.0
// argv cut into words: flags, the items of -o lists, and positional arguments. Pure.
// Source: command-line.md 1, 1.1 (1, 3).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace s3b {

struct Word {
    enum class Kind {
        Flag,        // begins with '-', as it stands in argv
        ListItem,    // of an -o list, still quoted
        Positional,  // anything else, and all that follows "--"
        NoList,      // "-o" as the last word
    };
    Kind kind;
    std::span<char> text;  // inside argv

    std::string_view view() const { return {text.data(), text.size()}; }
};

/// `argv` without the program's name.
std::vector<Word> split_words(std::span<char* const> argv);

/// An item of an -o list without its quoting: a backslash stands before a character that is meant
/// as it is, or before the three octal digits of a byte.
std::string unquote(std::string_view item);
/// `text` so that it is one item of an -o list.
std::string quote(std::string_view text);

}  // namespace s3b
