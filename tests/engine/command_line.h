// SPDX-License-Identifier: Apache-2.0
// A command line and the little world that it refers to: a home, a bucket directory, a mount point.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/options.h"

namespace s3b {

/// argv in memory of its own, with the program's name in front.
class Argv {
public:
    explicit Argv(std::vector<std::string> words) : words_(std::move(words)) {
        words_.insert(words_.begin(), "s3backer");
        for (std::string& word : words_) pointers_.push_back(word.data());
    }
    Argv(const Argv&) = delete;
    Argv& operator=(const Argv&) = delete;

    std::span<char* const> span() const { return pointers_; }
    const std::string& operator[](size_t i) const { return words_[i]; }

private:
    std::vector<std::string> words_;
    std::vector<char*> pointers_;
};

/// With a temporary directory that is the current one, as far as the parser can tell.
class CommandLineTest : public ::testing::Test {
protected:
    CommandLineTest() {
        std::string name = ::testing::TempDir() + "options.XXXXXX";
        root_ = std::filesystem::canonical(mkdtemp(name.data()));
        for (const char* directory : {"home", "blocks", "mnt"}) {
            std::filesystem::create_directory(root_ + "/" + directory);
        }
        environment_.home = root_ + "/home";
        environment_.directory = root_;
    }
    ~CommandLineTest() override { std::filesystem::remove_all(root_); }

    Checked<CommandLine> parse(std::vector<std::string> words) const {
        const Argv argv(std::move(words));
        return parse_command_line(argv.span(), environment_);
    }

    /// The settings that `options` give with a bucket and a mount point.
    Config mounted(std::vector<std::string> options) const {
        options.insert(options.end(), {"--quiet", "mybucket", "mnt"});
        const Checked<CommandLine> result = parse(std::move(options));
        EXPECT_EQ(error_of(result), "");
        return result.value() != nullptr ? result.value()->config : Config();
    }
    /// What is wrong with `options`, given with a bucket and a mount point; empty if nothing is.
    std::string refusal(std::vector<std::string> options) const {
        options.insert(options.end(), {"mybucket", "mnt"});
        return error_of(parse(std::move(options)));
    }
    static std::string error_of(const Checked<CommandLine>& result) {
        return result.error() != nullptr ? result.error()->text : "";
    }

    void write_file(const std::string& name, const std::string& text) const {
        std::ofstream(root_ + "/" + name) << text;
    }

    std::string root_;  // absolute, without symbolic links
    Environment environment_;
};

/// True if `text` names all of `parts`.
inline ::testing::AssertionResult names(const std::string& text,
                                        const std::vector<std::string>& parts) {
    for (const std::string& part : parts) {
        if (text.find(part) == std::string::npos) {
            return ::testing::AssertionFailure() << "\"" << text << "\" lacks \"" << part << "\"";
        }
    }
    return ::testing::AssertionSuccess();
}

}  // namespace s3b
