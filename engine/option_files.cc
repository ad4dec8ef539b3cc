// SPDX-License-Identifier: Apache-2.0
#include "engine/option_files.h"

#include <cerrno>
#include <cstring>
#include <optional>

#include "codec/wipe.h"
#include "engine/option_words.h"
#include "engine/secret_file.h"

namespace s3b {

namespace {

constexpr std::string_view kOption = "configFile=";

/// The file that `word` names, if it is the option.
std::optional<std::string> file_in(std::string_view word) {
    if (word.starts_with("--")) word.remove_prefix(2);
    if (!word.starts_with(kOption)) return std::nullopt;
    return std::string(word.substr(kOption.size()));
}

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view kBlanks = " \t\r\v\f";
    const size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

/// Its text; or nothing, and errno.
std::optional<std::string> read_whole(const std::string& path, size_t longest) {
    std::optional<std::string> text = read_secret_file(path, longest + 1);
    if (!text || text->size() <= longest) return text;
    codec::wipe(*text);
    errno = EFBIG;
    return std::nullopt;
}

}  // namespace

Arguments::Arguments(std::span<char* const> argv, const Environment& environment)
    : environment_(environment) {
    add(argv);
}

Arguments::~Arguments() {
    for (std::string& text : owned_) codec::wipe(text);
}

char* Arguments::own(std::string text) {
    owned_.push_back(std::move(text));
    return owned_.back().data();
}

void Arguments::add(std::span<char* const> argv) {
    for (size_t i = 0; i < argv.size() && !wrong_; ++i) {
        const std::string_view word = argv[i];
        const auto file = word.starts_with("--") ? file_in(word) : std::nullopt;
        if (file) {
            add_file(*file);
        } else if (word == "-F" && i + 1 < argv.size()) {
            add_file(argv[++i]);
        } else if (word == "-o" && i + 1 < argv.size()) {
            add_list(argv[i + 1], argv[i + 1]);
            ++i;
        } else if (word.starts_with("-o") && word.size() > 2) {
            add_list(word.substr(2), argv[i] + 2);
        } else {
            words_.push_back(argv[i]);
        }
    }
}

/// What a file in a list says comes before the list, so that the rest of that overrides it.
void Arguments::add_list(std::string_view list, char* whole) {
    std::string text(list);
    char* const begin = text.data();
    char option[] = "-o";
    char* const words[] = {option, begin};
    std::string rest;
    bool found = false;
    for (const Word& word : split_words(words)) {
        if (const auto file = file_in(unquote(word.view()))) {
            found = true;
            add_file(*file);
        } else {
            rest += (rest.empty() ? "" : ",") + std::string(word.view());
        }
    }
    codec::wipe(text);
    if (!found) {
        words_.push_back(own("-o"));
        words_.push_back(whole);
    } else if (!rest.empty()) {
        words_.push_back(own("-o"));
        words_.push_back(own(std::move(rest)));
    }
}

void Arguments::add_file(const std::string& name) {
    const std::string path = absolute_path(name, environment_.directory);
    if (++files_ > kMostFiles) {
        wrong_ = "`configFile=" + name + "': more than " + std::to_string(kMostFiles) +
                 " files; do they name each other?";
        return;
    }
    std::optional<std::string> text = read_whole(path, kLongestFile);
    if (!text) {
        wrong_ = "`configFile=" + name + "': " + std::strerror(errno);
        return;
    }
    std::vector<char*> words;
    for (std::string_view rest = *text; !rest.empty();) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty() || line.starts_with('#')) continue;
        words.push_back(own(std::string(line.substr(0, line.find('\0')))));
    }
    codec::wipe(*text);
    add(words);
}

}  // namespace s3b
