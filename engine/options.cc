// SPDX-License-Identifier: Apache-2.0
#include "engine/options.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "codec/wipe.h"
#include "engine/option_checks.h"
#include "engine/option_files.h"
#include "engine/option_fuse.h"
#include "engine/option_suggest.h"
#include "engine/option_table.h"
#include "engine/option_words.h"

namespace s3b {

namespace {

std::string quoted(std::string_view text) { return "`" + std::string(text) + "'"; }

/// Reads words into a draft.
class Parser {
public:
    /// What is wrong with the value of an option: it ends the parsing at once. What else is wrong
    /// is collected, so that --help is still found and one run shows all of it.
    Complaint take(const Word& word);
    const std::vector<std::string>& problems() const { return problems_; }
    Draft& draft() { return draft_; }

private:
    Complaint take_flag(std::string_view word);
    Complaint take_item(std::string_view item);
    Complaint set_option(const OptionRow& row, std::string_view text);
    void add_unknown(std::string_view word, std::string_view name);

    Draft draft_;
    std::vector<std::string> problems_;
};

std::string_view name_of(std::string_view text) { return text.substr(0, text.find('=')); }

Complaint Parser::take(const Word& word) {
    switch (word.kind) {
        case Word::Kind::Flag: return take_flag(word.view());
        case Word::Kind::ListItem: {
            std::string item = unquote(word.view());
            Complaint wrong = take_item(item);
            codec::wipe(item);  // it may be a secret
            return wrong;
        }
        case Word::Kind::Positional: draft_.positional.emplace_back(word.view()); return {};
        case Word::Kind::NoList: return std::string("`-o' must be followed by a list of options");
    }
    return {};
}

Complaint Parser::take_flag(std::string_view word) {
    const auto flags = flag_table();
    const auto flag = std::ranges::find(flags, word, &FlagRow::word);
    if (flag != flags.end()) {
        flag->apply(draft_);
        return {};
    }
    const std::string_view text = word.starts_with("--") ? word.substr(2) : std::string_view();
    const OptionRow* const row = find_option(name_of(text));
    if (row != nullptr) return set_option(*row, text);
    add_unknown(word, text.empty() ? word : text);
    return {};
}

Complaint Parser::take_item(std::string_view item) {
    if (item.empty()) return {};
    if (item.find('\0') != std::string_view::npos) {
        return "option " + quoted(name_of(item.substr(0, item.find('\0')))) +
               " contains a zero byte";
    }
    const std::string_view text = item.starts_with("--") ? item.substr(2) : item;
    const OptionRow* const row = find_option(name_of(text));
    if (row != nullptr) return set_option(*row, text);
    Complaint problem;
    if (!apply_fuse_option(item, draft_, problem)) {
        add_unknown(item, text);
    } else if (problem) {
        problems_.push_back(*problem);
    }
    return {};
}

Complaint Parser::set_option(const OptionRow& row, std::string_view text) {
    const bool has_value = text.size() > row.name.size();  // else they are equal
    const std::string_view value = has_value ? text.substr(row.name.size() + 1) : "";
    if (!has_value && row.set_plain != nullptr) {
        row.set_plain(draft_);
        return {};
    }
    if (has_value != row.takes_value()) {
        problems_.push_back("option " + quoted(row.name) +
                            (has_value ? " takes no value, but " + quoted(value) + " is given"
                                       : " needs a value: " + std::string(row.name) + "=" +
                                             std::string(row.placeholder)));
        return {};
    }
    draft_.given.insert(row.name);
    const Complaint wrong = row.set(draft_, value);
    if (!wrong) return {};
    return "invalid value " + (row.secret ? "" : quoted(value) + " ") + "of option " +
           quoted(row.name) + ": " + *wrong;
}

void Parser::add_unknown(std::string_view word, std::string_view name) {
    // Without the value, which may be a secret behind a misspelt name.
    const std::string_view bare = name_of(name);
    if (const std::string_view instead = what_instead_of(bare); !instead.empty()) {
        problems_.push_back("option " + quoted(bare) + " is not offered: " + std::string(instead));
        return;
    }
    const std::string nearest = nearest_option(bare);
    problems_.push_back("unknown option " + quoted(name_of(word)) +
                        (nearest.empty() ? "" : ", did you mean `" + nearest + "'?"));
}

std::string join_lines(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
    return text;
}

std::span<char* const> without_program(std::span<char* const> argv) {
    return argv.empty() ? argv : argv.subspan(1);
}

Checked<CommandLine> failed(const Complaint& wrong, const Draft& draft) {
    Checked<CommandLine> result(OptionError{*wrong});
    result.messages = draft.messages;
    return result;
}

}  // namespace

Environment Environment::of_process() {
    Environment environment;
    if (const char* const home = std::getenv("HOME")) environment.home = home;
    std::error_code failure;  // then relative names will not be found, which is reported
    environment.directory = std::filesystem::current_path(failure).string();
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    environment.ask_password = [] { return prompt_for_password("Password: "); };
    return environment;
}

Checked<CommandLine> parse_command_line(std::span<char* const> argv,
                                        const Environment& environment) {
    Parser parser;
    Draft& draft = parser.draft();
    CommandLine command;
    const Arguments arguments(without_program(argv), environment);
    if (arguments.wrong()) return failed(arguments.wrong(), draft);
    for (const Word& word : split_words(arguments.words())) {
        if (const Complaint wrong = parser.take(word)) return failed(wrong, draft);
        command.action = draft.action;
        if (command.action != CommandLine::Action::Mount) return Checked(std::move(command));
    }
    if (!parser.problems().empty()) return failed(join_lines(parser.problems()), draft);
    const Complaint wrong =
        draft.wait_unmounted ? settle_waiting(draft, environment) : complete(draft, environment);
    if (wrong) return failed(wrong, draft);
    command.action = draft.action;
    command.config = std::move(draft.config);
    command.config.s3.user_agent = user_agent();
    Checked<CommandLine> result(std::move(command));
    result.messages = std::move(draft.messages);
    return result;
}

void wipe_secrets(std::span<char* const> argv) {
    for (const Word& word : split_words(without_program(argv))) {
        if (word.kind == Word::Kind::Positional) continue;
        std::string text =
            word.kind == Word::Kind::ListItem ? unquote(word.view()) : std::string(word.view());
        const size_t dashes = text.starts_with("--") ? 2 : 0;
        const std::string_view name = name_of(std::string_view(text).substr(dashes));
        const OptionRow* const row = find_option(name);
        if (row != nullptr && row->secret && text.size() > dashes + name.size()) {
            // Quoting only lengthens the name, so this covers the value in any case.
            std::ranges::fill(word.text.subspan(dashes + name.size() + 1), '*');
        }
        codec::wipe(text);
    }
}

}  // namespace s3b
