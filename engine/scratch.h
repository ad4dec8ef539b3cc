// SPDX-License-Identifier: Apache-2.0
// Memory for encoded bodies on their way: one for each transfer, used again.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "engine/base/buffer.h"

namespace s3b {

/// Belongs to the reactor's thread. All that was taken must be gone before it is destroyed.
class ScratchPool {
public:
    /// `kept` free ones of `bytes` each stay for later; only what is written to becomes resident.
    /// There are never more than `most`: whoever takes them sees to that.
    ScratchPool(ByteCount bytes, size_t kept, size_t most)
        : bytes_(bytes), kept_(kept), most_(most) {}
    ScratchPool(const ScratchPool&) = delete;
    ScratchPool& operator=(const ScratchPool&) = delete;

    /// One of them, which returns to the pool.
    class Scratch {
    public:
        Scratch(ScratchPool& pool, Buffer buffer) : pool_(pool), buffer_(std::move(buffer)) {}
        Scratch(const Scratch&) = delete;
        Scratch& operator=(const Scratch&) = delete;
        ~Scratch() { pool_.give_back(std::move(buffer_)); }

        std::span<std::byte> bytes() { return buffer_.bytes(); }

    private:
        ScratchPool& pool_;
        Buffer buffer_;
    };
    Scratch take() {
        CHECK(taken_ < most_);
        ++taken_;
        if (free_.empty()) return Scratch(*this, Buffer(bytes_));
        Buffer buffer = std::move(free_.back());
        free_.pop_back();
        return Scratch(*this, std::move(buffer));
    }

private:
    void give_back(Buffer buffer) {
        --taken_;
        if (free_.size() < kept_) free_.push_back(std::move(buffer));
    }

    ByteCount bytes_;
    size_t kept_;
    size_t most_;
    size_t taken_ = 0;
    std::vector<Buffer> free_;
};

}  // namespace s3b
