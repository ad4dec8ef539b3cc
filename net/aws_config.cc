// SPDX-License-Identifier: Apache-2.0
#include "net/aws_config.h"

#include <algorithm>

#include "net/secret.h"

namespace s3b::net {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool begins_comment(char c) { return c == '#' || c == ';'; }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Without a comment behind a blank.
std::string_view uncommented(std::string_view text) {
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') quoted = !quoted;
        const bool after_blank = i > 0 && is_blank(text[i - 1]);
        if (!quoted && after_blank && begins_comment(text[i])) return text.substr(0, i);
    }
    return text;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

/// The name of a profile may be quoted.
std::string_view unquoted(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == text.back() &&
                        (text.front() == '"' || text.front() == '\'');
    return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

/// Takes one line after the other.
class AwsConfigParser {
public:
    AwsConfigParser(AwsConfig& config, AwsConfig::Kind kind) : config_(config), kind_(kind) {}

    /// False if it is malformed.
    bool take(std::string_view line) {
        const size_t indent = std::min(line.find_first_not_of(" \t"), line.size());
        const std::string_view text = trimmed(line);
        if (text.empty() || begins_comment(text.front())) return true;
        if (in_setting_ && indent > setting_indent_) return true;
        if (text.front() == '[') return take_section(text);
        in_setting_ = true;
        setting_indent_ = indent;
        return take_setting(text);
    }

private:
    bool take_section(std::string_view text) {
        const size_t end = text.find(']');
        if (end == std::string_view::npos) return false;
        const std::string_view rest = trimmed(text.substr(end + 1));
        if (!rest.empty() && !begins_comment(rest.front())) return false;
        in_setting_ = false;
        settings_ = nullptr;
        in_section_ = true;
        const std::string profile = profile_of(trimmed(text.substr(1, end - 1)));
        if (!profile.empty()) settings_ = &config_.profiles_[profile];
        return true;
    }

    /// Empty if it is another kind of section.
    std::string profile_of(std::string_view section) const {
        const size_t blank = section.find_first_of(" \t");
        const bool marked = section.substr(0, blank) == "profile" && blank != std::string::npos;
        if (kind_ == AwsConfig::Kind::Config && marked) {
            return std::string(unquoted(trimmed(section.substr(blank))));
        }
        const bool plain = kind_ == AwsConfig::Kind::Credentials ? !marked : section == "default";
        return plain ? std::string(unquoted(section)) : std::string();
    }

    bool take_setting(std::string_view text) {
        const size_t equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0 || !in_section_) return false;
        if (settings_ == nullptr) return true;
        std::string& value = (*settings_)[lower(trimmed(text.substr(0, equals)))];
        wipe(value);
        value = trimmed(uncommented(text.substr(equals + 1)));
        return true;
    }

    AwsConfig& config_;
    AwsConfig::Kind kind_;
    AwsConfig::Settings* settings_ = nullptr;  // of the profile that is being read
    bool in_section_ = false;
    bool in_setting_ = false;
    size_t setting_indent_ = 0;
};

std::optional<AwsConfig> AwsConfig::parse(std::string_view text, Kind kind, size_t& wrong_line) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    std::optional<AwsConfig> config(std::in_place);
    AwsConfigParser parser(*config, kind);
    for (wrong_line = 1; !text.empty(); ++wrong_line) {
        const size_t end = std::min(text.find('\n'), text.size());
        if (!parser.take(text.substr(0, end))) return std::nullopt;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return config;
}

AwsConfig::~AwsConfig() {
    for (auto& [profile, settings] : profiles_) {
        for (auto& [name, value] : settings) wipe(value);
    }
}

std::string_view AwsConfig::value(std::string_view profile, std::string_view name) const {
    const auto settings = profiles_.find(profile);
    if (settings == profiles_.end()) return {};
    const auto found = settings->second.find(name);
    return found == settings->second.end() ? std::string_view() : found->second;
}

std::optional<std::vector<std::string>> split_command(std::string_view text) {
    std::vector<std::string> words;
    bool in_word = false;
    char quote = '\0';
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const char next = i + 1 < text.size() ? text[i + 1] : '\0';
        if (quote == '\0' && is_blank(c)) {
            in_word = false;
            continue;
        }
        if (!in_word) words.emplace_back();
        in_word = true;
        const bool escapes =
            quote == '\0' ? next != '\0' : quote == '"' && (next == '"' || next == '\\');
        if (c == '\\' && escapes) {
            words.back() += next;
            ++i;
        } else if (c == quote) {
            quote = '\0';
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else {
            words.back() += c;
        }
    }
    if (quote != '\0' || words.empty()) return std::nullopt;
    return words;
}

}  // namespace s3b::net
