// SPDX-License-Identifier: Apache-2.0
// What a volume may contain, byte by byte, while reads, writes and flushes overlap in time. Knows
// nothing of blocks, caches or stores: it is the promise that they are held to.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <vector>

namespace s3b {

/// Sets of byte values, one a byte of a range.
using Allowed = std::vector<std::bitset<256>>;

class ByteModel {
public:
    /// `size` bytes, all zero, and safely stored.
    explicit ByteModel(size_t size);

    /// An access under way: what it may see grows with each write that begins meanwhile.
    struct Watch {
        size_t offset;
        Allowed allowed;
    };
    using Handle = std::list<Watch>::iterator;

    /// A write begins. It must overlap no other one under way.
    void begin_write(size_t offset, std::span<const std::byte> bytes);
    /// Whether a write under way overlaps the range.
    bool being_written(size_t offset, size_t length) const;
    /// It has ended; one that failed may have taken effect or not.
    void end_write(size_t offset, std::span<const std::byte> bytes, bool failed);

    Handle begin_read(size_t offset, size_t length);
    /// Ends the read; what is wrong with `bytes`, empty if nothing is.
    std::string end_read(Handle read, std::span<const std::byte> bytes);
    /// Forgets a read that failed.
    void drop(Handle watch) { watches_.erase(watch); }

    /// A flush begins; after a success the store holds what was written before it.
    Handle begin_flush() { return begin_read(0, now_.size()); }
    void end_flush(Handle flush);
    /// What is wrong with `bytes` as the content of the store, at any moment.
    std::string check_store(std::span<const std::byte> bytes) const;
    /// What is wrong with `bytes` as the content of a volume at rest.
    std::string check_rest(std::span<const std::byte> bytes) const;

private:
    static std::string check(const Allowed& allowed, std::span<const std::byte> bytes,
                             size_t offset);

    Allowed now_;      // what a read that begins now may see, writes under way left out
    Allowed writing_;  // what writes under way bring; none: nobody writes the byte
    Allowed stored_;   // what the store may hold: the last flush, and all that came after
    std::list<Watch> watches_;
};

}  // namespace s3b
