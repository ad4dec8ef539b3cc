// SPDX-License-Identifier: Apache-2.0
// The cache file through io_uring: slots past the page cache (O_DIRECT) where block size and file
// system allow it, the directory and small blocks through it; files and memory registered with the
// kernel. Source: cache-and-consistency.md 3.1, 3.11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/file_format.h"
#include "engine/base/histogram.h"
#include "engine/reactor/ring.h"
#include "engine/slot_device.h"

namespace s3b {

/// Belongs to the reactor's thread; one a ring. All calls must have ended before it is destroyed.
class RingFile final : public SlotDevice {
public:
    struct Settings {
        int descriptor = -1;  // of the file, open to read and write; outlives this
        cache::FileLayout layout;
        bool advise = false;  // drop what was read or written from the page cache
    };
    RingFile(Ring& ring, const Settings& settings);
    ~RingFile() override;
    RingFile(const RingFile&) = delete;
    RingFile& operator=(const RingFile&) = delete;

    Task<Result<void>> read(uint64_t offset, std::span<std::byte> into) override;
    Task<Result<void>> write(uint64_t offset, std::span<const std::byte> from) override;
    Task<Result<void>> sync() override;
    Task<void> punch(uint64_t offset, uint64_t length) override;
    uint32_t granule() const override { return direct_ < 0 ? 1 : granule_; }
    void will_use(std::span<std::byte> memory) override;

    /// How long operations took.
    struct Times {
        Histogram read;
        Histogram write;
        Histogram sync;
    };
    const Times& times() const { return times_; }
    /// How slots are read and written, in words for the log: "direct", or why not.
    const std::string& access() const { return access_; }

private:
    /// Memory is registered in pieces of this, or of a block if that is larger, when it is first
    /// used: what is registered is resident.
    static constexpr uint64_t kPiece = uint64_t{2} << 20;
    static constexpr uint64_t kMostPieces = uint64_t{1} << 14;  // IORING_MAX_REG_BUFFERS
    static constexpr uint64_t kLargestPiece = uint64_t{1} << 30;
    /// With `advise`: so many bytes may be in the page cache before it is emptied.
    static constexpr uint64_t kAdvisedAtOnce = uint64_t{1} << 20;
    enum class Piece : uint8_t { Unused, Registered, Refused };

    void open_direct();
    Result<void> check() const;
    bool is_aligned(uint64_t offset, std::span<const std::byte> memory) const;
    std::optional<uint16_t> registered(std::span<const std::byte> memory);
    io_uring_sqe prepare(bool writes, uint64_t offset, std::span<const std::byte> memory);
    Task<Result<void>> transfer(bool writes, uint64_t offset, std::span<const std::byte> memory);
    Task<void> advise(uint64_t moved);

    Ring& ring_;
    int buffered_;
    int direct_ = -1;  // the same file; -1: not used
    cache::FileLayout layout_;
    bool advise_;
    uint64_t unadvised_ = 0;  // bytes moved since the last advice
    bool punches_ = true;     // the file system can
    uint32_t granule_ = 4096;
    std::string access_;
    Times times_;
    std::optional<int> files_;     // registered: the number of buffered_; direct_ is next
    std::span<std::byte> memory_;  // part of which may be registered
    uint64_t piece_ = kPiece;
    std::vector<Piece> pieces_;
};

}  // namespace s3b
