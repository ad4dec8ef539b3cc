// SPDX-License-Identifier: Apache-2.0
// What a bucket may hold of a volume at any moment, if writes reach it in the order of the flushes
// between them: what a disk with a volatile cache holds after a power cut. Knows nothing of blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace s3b {

class BucketModel {
public:
    /// `content`: what the bucket holds at first.
    explicit BucketModel(std::vector<std::byte> content) : first_(std::move(content)) {}

    /// A write, or a flush, begins; the number for its end.
    size_t begin_write(size_t offset, std::span<const std::byte> bytes);
    void end_write(size_t write) { writes_[write].end = ++time_; }
    size_t begin_flush();
    void end_flush(size_t flush) { flushes_[flush].end = ++time_; }

    /// What is wrong with `bytes` as the content of the bucket now; empty if nothing is.
    std::string check(std::span<const std::byte> bytes) const;

private:
    static constexpr uint64_t kNever = ~uint64_t{0};
    struct Write {
        size_t offset;
        std::vector<std::byte> bytes;
        uint64_t begin;
        uint64_t end = kNever;
    };
    struct Flush {
        uint64_t begin;
        uint64_t end = kNever;
    };
    size_t first_wrong(std::span<const std::byte> bytes, uint64_t stored, uint64_t later) const;

    std::vector<std::byte> first_;
    std::vector<Write> writes_;
    std::vector<Flush> flushes_;
    uint64_t time_ = 0;
};

}  // namespace s3b
