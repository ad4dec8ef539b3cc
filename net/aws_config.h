// SPDX-License-Identifier: Apache-2.0
// The two INI files that the AWS tools share, and the command lines in them. Pure.
// Source: AWS SDKs and Tools reference guide, "Shared config and credentials files" and
// "Process credential provider".
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace s3b::net {

/// The profiles of one file, each with its settings. Values are overwritten at the end.
class AwsConfig {
public:
    /// How profiles are written: [NAME] in the credentials file; [default] and [profile NAME] in
    /// the config file.
    enum class Kind { Credentials, Config };

    /// Understands what follows and skips other sections: names of settings in any case; blanks
    /// around '='; lines that begin with '#' or ';'; the same behind a blank, outside of double
    /// quotes; sections that are continued further down. Lines that are indented more than their
    /// setting belong to it (nested settings, none of which is ours) and are skipped.
    /// On a malformed line: nullopt, and its number, from 1, in `wrong_line`.
    static std::optional<AwsConfig> parse(std::string_view text, Kind kind, size_t& wrong_line);

    AwsConfig() = default;
    AwsConfig(AwsConfig&&) = default;
    AwsConfig& operator=(AwsConfig&&) = delete;
    ~AwsConfig();

    bool has_profile(std::string_view profile) const { return profiles_.contains(profile); }
    /// Empty if it is not set. `name` in lower case.
    std::string_view value(std::string_view profile, std::string_view name) const;

private:
    friend class AwsConfigParser;
    using Settings = std::map<std::string, std::string, std::less<>>;
    std::map<std::string, Settings, std::less<>> profiles_;
};

/// The words of a command line, as a shell splits them but without its other wonders: blanks
/// separate; single quotes keep everything between them, double quotes all but \" and \\; outside a
/// backslash keeps the next character. nullopt if a quote is not closed or there is no word.
std::optional<std::vector<std::string>> split_command(std::string_view text);

}  // namespace s3b::net
