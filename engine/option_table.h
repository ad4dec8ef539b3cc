// SPDX-License-Identifier: Apache-2.0
// The options that there are: the parser and the help text read nothing else.
// Source: command-line.md 2.1 to 2.8.
#pragma once

#include <span>
#include <string_view>

#include "engine/option_draft.h"

namespace s3b {

enum class OptionGroup {
    Credentials,
    Service,
    Volume,
    Encryption,
    Cache,
    Consistency,
    FileSystem,
    Operation
};
inline constexpr OptionGroup kLastOptionGroup = OptionGroup::Operation;

/// --NAME or --NAME=VALUE or either, and all in an -o list without the dashes.
struct OptionRow {
    std::string_view name;
    std::string_view placeholder;  // what the value is called; empty: takes none
    OptionGroup group;
    std::string_view help;
    std::string_view default_text;  // empty: none worth a word
    /// Stores `value`, or says what is wrong with it. A flag's value is empty.
    Complaint (*set)(Draft& draft, std::string_view value);
    bool secret = false;  // the value is not for others to see
    /// What the option means without a value; null: it needs one, if it takes one at all.
    void (*set_plain)(Draft& draft) = nullptr;

    bool takes_value() const { return !placeholder.empty(); }
    bool needs_value() const { return takes_value() && set_plain == nullptr; }
};

std::span<const OptionRow> option_table();
/// nullptr if there is none. Case matters.
const OptionRow* find_option(std::string_view name);

/// A word that stands by itself: -f and the like.
struct FlagRow {
    std::string_view word;
    std::string_view label;  // all spellings, for the help text; empty: another row shows it
    std::string_view help;
    void (*apply)(Draft& draft);
};

std::span<const FlagRow> flag_table();

/// What to use instead of an option of s3backer that this program will not have; empty for all
/// other names (without dashes).
std::string_view what_instead_of(std::string_view name);

}  // namespace s3b
