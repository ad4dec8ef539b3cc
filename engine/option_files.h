// SPDX-License-Identifier: Apache-2.0
// configFile: arguments that stand in files, one a line. Source: command-line.md 1.3.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "engine/option_draft.h"

namespace s3b {

/// A command line in which files of arguments are replaced by what is in them. Secrets are wiped
/// at the end.
class Arguments {
public:
    /// So many files are read at the most, those that files name included.
    static constexpr int kMostFiles = 100;
    static constexpr size_t kLongestFile = size_t{1} << 20;

    /// `argv` without the program's name; it must outlive this.
    Arguments(std::span<char* const> argv, const Environment& environment);
    ~Arguments();
    Arguments(const Arguments&) = delete;
    Arguments& operator=(const Arguments&) = delete;

    /// Why a file cannot be used: then nothing else counts.
    const Complaint& wrong() const { return wrong_; }
    std::span<char* const> words() const { return words_; }

private:
    void add(std::span<char* const> argv);
    void add_list(std::string_view list, char* whole);
    void add_file(const std::string& name);
    char* own(std::string text);

    const Environment& environment_;
    std::vector<char*> words_;
    std::deque<std::string> owned_;
    int files_ = 0;
    Complaint wrong_;
};

}  // namespace s3b
