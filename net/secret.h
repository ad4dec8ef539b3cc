// SPDX-License-Identifier: Apache-2.0
// Memory for secrets: overwritten before it is given back.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wipe.h"

namespace s3b::net {

using codec::wipe;

/// So many bytes, overwritten at the end. Does not grow, so that no copy stays behind.
class SecretBuffer {
public:
    explicit SecretBuffer(size_t size) : bytes_(size) {}
    SecretBuffer(const SecretBuffer&) = delete;
    SecretBuffer& operator=(const SecretBuffer&) = delete;
    ~SecretBuffer();

    std::span<std::byte> span() { return bytes_; }
    /// The first `length` bytes.
    std::string_view text(size_t length) const {
        return {reinterpret_cast<const char*>(bytes_.data()), length};
    }

private:
    std::vector<std::byte> bytes_;
};

/// A text that is overwritten at its end.
class SecretText {
public:
    SecretText() = default;
    explicit SecretText(std::string text) : text_(std::move(text)) {}
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() { wipe(text_); }

    std::string& get() { return text_; }
    const std::string& get() const { return text_; }

private:
    std::string text_;
};

}  // namespace s3b::net
