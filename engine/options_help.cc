// SPDX-License-Identifier: Apache-2.0
// What --help and --version print.
#include "engine/option_fuse.h"
#include "engine/option_table.h"
#include "engine/options.h"

namespace s3b {

namespace {

constexpr size_t kColumns = 100;
constexpr size_t kIndent = 32;  // where the descriptions begin

/// The heading of `group`.
std::string_view title_of(OptionGroup group) {
    using enum OptionGroup;
    switch (group) {
        case Credentials: return "Credentials";
        case Service: return "Service";
        case Volume: return "Sizes and names";
        case Encryption: return "Compression and encryption";
        case Cache: return "Block cache and read-ahead";
        case Consistency: return "Consistency of the store";
        case FileSystem: return "File system";
        case Operation: return "Operation";
    }
    return "";
}

/// `label`, then `text` beside it, broken into lines between words.
void add_entry(std::string& help, std::string_view label, std::string_view text) {
    std::string line = "  " + std::string(label);
    line.resize(std::max(line.size() + 1, kIndent), ' ');
    while (line.size() + text.size() > kColumns) {
        const size_t blank = text.rfind(' ', kColumns - line.size());
        if (blank == std::string_view::npos) break;
        help += line + std::string(text.substr(0, blank)) + "\n";
        text.remove_prefix(blank + 1);
        line.assign(kIndent, ' ');
    }
    help += line + std::string(text) + "\n";
}

void add_group(std::string& help, OptionGroup group) {
    help += "\n" + std::string(title_of(group)) + ":\n";
    for (const OptionRow& row : option_table()) {
        if (row.group != group) continue;
        std::string label = "--" + std::string(row.name);
        const std::string value = "=" + std::string(row.placeholder);
        if (row.takes_value()) label += row.needs_value() ? value : "[" + value + "]";
        std::string text(row.help);
        if (!row.default_text.empty()) text += " [" + std::string(row.default_text) + "]";
        add_entry(help, label, text);
    }
}

/// The names that libfuse gets, as one paragraph.
std::string fuse_names() {
    std::string names;
    for (const FuseRow& row : fuse_table()) {
        const bool passed =
            row.fate == FuseRow::Fate::PassOn || row.fate == FuseRow::Fate::SourceName;
        if (!passed) continue;
        names += (names.empty() ? "" : " ") + std::string(row.name);
        if (row.value != FuseRow::Value::None) names += "=...";
    }
    return names;
}

}  // namespace

std::string help_text() {
    std::string help =
        "Usage:\n"
        "  s3backer [options] BUCKET[/SUBDIR] MOUNTPOINT\n"
        "  s3backer [options] --test DIRECTORY MOUNTPOINT\n"
        "  s3backer [options] --erase | --reset-mounted-flag BUCKET[/SUBDIR]\n"
        "  s3backer --wait-unmounted MOUNTPOINT\n"
        "  s3backer --help | --version\n"
        "\n"
        "Each option --NAME or --NAME=VALUE may also be given as NAME or NAME=VALUE in -o LIST,\n"
        "a list with commas. A SIZE may end in k, m, g, t, p or e. [Defaults] are in brackets.\n";
    for (int group = 0; group <= static_cast<int>(kLastOptionGroup); ++group) {
        add_group(help, static_cast<OptionGroup>(group));
    }
    help += "\nFlags:\n";
    for (const FlagRow& row : flag_table()) {
        if (!row.label.empty()) add_entry(help, row.label, row.help);
    }
    add_entry(help, "-o LIST", "Options without dashes, those above and these of FUSE:");
    add_entry(help, "", fuse_names());
    return help;
}

std::string version_text() {
    return "s3backer version " S3B_VERSION
           "\n"
           "Licensed under the Apache License, Version 2.0.\n"
           "There is NO WARRANTY, to the extent permitted by law.\n";
}

std::string user_agent() { return "s3backer/" S3B_VERSION; }

}  // namespace s3b
