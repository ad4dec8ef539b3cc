// SPDX-License-Identifier: Apache-2.0
// The input of a fuzz target, taken apart from its start. Choices are digits, so that seeds can be
// read and written by hand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace s3b {

/// Nothing fails: what is not there is empty, or the first choice.
class FuzzInput {
public:
    FuzzInput(const uint8_t* data, size_t size)
        : rest_(reinterpret_cast<const char*>(data), size) {}

    /// One of `choices`, a divisor of 48, by the next character: '0' is the first.
    size_t choice(size_t choices) {
        const std::string_view digit = take(1);
        return digit.empty() ? 0 : static_cast<unsigned char>(digit.front()) % choices;
    }
    std::string_view take(size_t size) {
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    /// The next line, without its end.
    std::string_view line() {
        const std::string_view taken = rest_.substr(0, rest_.find('\n'));
        rest_.remove_prefix(std::min(taken.size() + 1, rest_.size()));
        return taken;
    }
    std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
};

/// A copy that ends where its memory ends, so that the sanitizer sees who reads on.
class ExactCopy {
public:
    explicit ExactCopy(std::string_view text) : bytes_(text.begin(), text.end()) {}
    std::string_view text() const { return {bytes_.data(), bytes_.size()}; }

private:
    std::vector<char> bytes_;
};

}  // namespace s3b

// What each target defines; 0 always.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
