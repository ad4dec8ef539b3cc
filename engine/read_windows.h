// SPDX-License-Identifier: Apache-2.0
// How far each of several streams is read ahead: windows of a fixed size, or windows that adapt
// and share a bound. Pure. Source: cache-and-consistency.md 2.12 (the fixed ones), 8.3 (11).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace s3b {

/// Windows of streams, which are numbered from 0. All sizes are in blocks.
class ReadWindows {
public:
    /// Where a window that adapts begins: the size of a fixed one as documented.
    static constexpr uint32_t kFirst = 4;

    /// Up to this part of the bound a window grows fourfold, much as that of Linux's page cache:
    /// each step takes a round trip.
    static constexpr uint32_t kSmall = 16;

    /// `fixed`: each window has this size; none: they adapt, and have `bound` together at the most.
    ReadWindows(std::optional<uint32_t> fixed, uint32_t bound, uint32_t streams);

    bool adapts() const { return !fixed_; }
    bool is_open(uint32_t stream) const { return windows_[stream].open; }
    /// 0 unless it is open.
    uint32_t size(uint32_t stream) const { return windows_[stream].size; }
    /// What the bound leaves. Only if they adapt.
    uint32_t free() const { return bound_ - total_; }

    /// Gives `stream`, which has none, a window; one of 0 if the bound leaves no more.
    void open(uint32_t stream);
    void close(uint32_t stream);
    /// By so many blocks an adapting window grows if the bound allows.
    uint32_t growth(uint32_t stream) const;
    /// Doubles the window, or grows it fourfold if it is small, as far as the bound
    /// allows: a stream takes what is free, and up to its equal share also from those who have more
    /// than theirs. No effect on fixed windows.
    void grow(uint32_t stream);
    /// Halves the window, down to 1. No effect on fixed windows.
    void shrink(uint32_t stream);

private:
    struct Window {
        uint32_t size = 0;
        bool open = false;
    };
    void add(uint32_t stream, uint32_t more);
    void resize(Window& window, uint32_t size);

    std::optional<uint32_t> fixed_;
    uint32_t bound_;
    uint32_t total_ = 0;  // of those that adapt
    uint32_t opened_ = 0;
    std::vector<Window> windows_;
};

}  // namespace s3b
