// SPDX-License-Identifier: Apache-2.0
// Memory for keys and passwords: never swapped out, in no core file, overwritten before it is
// given back. All of it is OpenSSL's secure heap, which also holds OpenSSL's own copies of our
// keys.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace s3b::codec {

/// How well the memory is protected: Locked; DumpFree: it may be swapped out (RLIMIT_MEMLOCK);
/// Ordinary: it is only overwritten at the end.
enum class Protection { Ordinary, DumpFree, Locked };

/// Sets the memory up. Call it once and before all else: OpenSSL must not have been used. Without
/// it everything here works in ordinary memory. It holds in children of fork(2), too.
Protection protect_keys();

/// So many bytes, overwritten at the end. Moved from, it is empty. Where the memory is used up,
/// they are ordinary.
class LockedBytes {
public:
    LockedBytes() = default;
    /// Zeros.
    explicit LockedBytes(size_t size);
    explicit LockedBytes(std::string_view text);
    LockedBytes(const LockedBytes&) = delete;
    LockedBytes(LockedBytes&& other) noexcept
        : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    LockedBytes& operator=(const LockedBytes&) = delete;
    LockedBytes& operator=(LockedBytes&& other) noexcept;
    ~LockedBytes();

    size_t size() const { return size_; }
    std::span<std::byte> span() { return {bytes_, size_}; }
    std::span<const std::byte> span() const { return {bytes_, size_}; }
    std::string_view text() const { return {reinterpret_cast<const char*>(bytes_), size_}; }

private:
    std::byte* bytes_ = nullptr;
    size_t size_ = 0;
};

/// While one exists, what OpenSSL allocates on this thread is such memory: contexts with keys.
class KeyScope {
public:
    KeyScope();
    ~KeyScope();
    KeyScope(const KeyScope&) = delete;
    KeyScope& operator=(const KeyScope&) = delete;

private:
    bool before_;
};

}  // namespace s3b::codec
