// SPDX-License-Identifier: Apache-2.0
#include "engine/ring_file.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "engine/base/log.h"
#include "engine/memory_slots.h"
#include "engine/reactor/scheduler.h"

namespace s3b {

namespace {

constexpr uint64_t kLargestTransfer = uint64_t{1} << 30;

/// What offsets and memory must be multiples of for O_DIRECT; 0 if the file system has none.
uint64_t alignment_of(int descriptor) {
#ifdef STATX_DIOALIGN
    struct statx status{};
    const int failed = statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status);
    if (failed == 0 && (status.stx_mask & STATX_DIOALIGN) != 0) {
        return std::max(status.stx_dio_offset_align, status.stx_dio_mem_align);
    }
#endif
    (void)descriptor;
    return 4096;  // older kernels do not tell: what all disks can
}

}  // namespace

RingFile::RingFile(Ring& ring, const Settings& settings)
    : ring_(ring),
      buffered_(settings.descriptor),
      layout_(settings.layout),
      advise_(settings.advise) {
    open_direct();
    const std::array<int, 2> files{buffered_, direct_};
    files_ = ring_.register_files(std::span(files).first(direct_ < 0 ? 1 : 2));
    log::info("cache file", log::kv("access", std::string_view(access_)),
              log::kv("slots", uint64_t{layout_.slots.value}),
              log::kv("registered", files_.has_value()));
}

RingFile::~RingFile() {
    if (files_) ring_.unregister_files();
    if (direct_ >= 0) close(direct_);
}

void RingFile::open_direct() {
    const uint64_t block = layout_.block_size.value;
    const uint64_t alignment = alignment_of(buffered_);
    if (alignment == 0 || !std::has_single_bit(alignment)) {
        access_ = "buffered: the file system has no O_DIRECT";
        return;
    }
    granule_ = static_cast<uint32_t>(std::max<uint64_t>(alignment, 4096));
    if (block % granule_ != 0 || layout_.data_offset() % granule_ != 0) {
        access_ = "buffered: blocks are no multiples of " + std::to_string(granule_) + " bytes";
        return;
    }
    // By the descriptor: the name may be another file's by now.
    const std::string path = "/proc/self/fd/" + std::to_string(buffered_);
    direct_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_DIRECT);
    access_ =
        direct_ < 0 ? std::string("buffered: O_DIRECT fails: ") + std::strerror(errno) : "direct";
    if (direct_ < 0) return;
    // Some file systems find out only now.
    const MemorySlots trial(SlotCount(1), ByteCount(granule_));
    const auto bytes = trial.bytes(SlotIndex(0));
    if (pread(direct_, bytes.data(), bytes.size(), static_cast<off_t>(layout_.data_offset())) < 0) {
        access_ = std::string("buffered: reading by O_DIRECT fails: ") + std::strerror(errno);
        close(direct_);
        direct_ = -1;
    }
}

void RingFile::will_use(std::span<std::byte> memory) {
    piece_ = std::max({kPiece, layout_.block_size.value,
                       std::bit_ceil((memory.size() + kMostPieces - 1) / kMostPieces)});
    if (direct_ < 0 || piece_ > kLargestPiece) return;
    const uint64_t count = (memory.size() + piece_ - 1) / piece_;
    if (!ring_.reserve_buffers(static_cast<unsigned>(count))) return;
    memory_ = memory;
    pieces_.assign(count, Piece::Unused);
}

bool RingFile::is_aligned(uint64_t offset, std::span<const std::byte> memory) const {
    const uint64_t mask = granule_ - 1;
    const auto address = reinterpret_cast<uintptr_t>(memory.data());
    return ((offset | memory.size() | address) & mask) == 0;
}

/// The number of the registered memory that `memory` lies in.
std::optional<uint16_t> RingFile::registered(std::span<const std::byte> memory) {
    if (pieces_.empty() || memory.data() < memory_.data()) return std::nullopt;
    const auto begin = static_cast<uint64_t>(memory.data() - memory_.data());
    const uint64_t index = begin / piece_;
    if (begin + memory.size() > std::min((index + 1) * piece_, memory_.size())) return std::nullopt;
    Piece& piece = pieces_[index];
    if (piece == Piece::Unused) {
        const uint64_t length = std::min(piece_, memory_.size() - index * piece_);
        const bool taken = ring_.register_buffer(static_cast<unsigned>(index),
                                                 memory_.subspan(index * piece_, length));
        piece = taken ? Piece::Registered : Piece::Refused;
        if (!taken) log::debug("memory cannot be registered", log::kv("errno", int64_t{errno}));
    }
    if (piece == Piece::Refused) return std::nullopt;
    return static_cast<uint16_t>(index);
}

io_uring_sqe RingFile::prepare(bool writes, uint64_t offset, std::span<const std::byte> memory) {
    const bool direct = direct_ >= 0 && is_aligned(offset, memory);
    const auto buffer = direct ? registered(memory) : std::nullopt;
    int file = direct ? direct_ : buffered_;
    if (files_) file = *files_ + (direct ? 1 : 0);
    auto* const bytes = const_cast<std::byte*>(memory.data());  // which only a read changes
    const auto length = static_cast<unsigned>(memory.size());
    io_uring_sqe sqe{};
    if (buffer && writes) {
        io_uring_prep_write_fixed(&sqe, file, bytes, length, offset, *buffer);
    } else if (buffer) {
        io_uring_prep_read_fixed(&sqe, file, bytes, length, offset, *buffer);
    } else if (writes) {
        io_uring_prep_write(&sqe, file, bytes, length, offset);
    } else {
        io_uring_prep_read(&sqe, file, bytes, length, offset);
    }
    if (files_) sqe.flags |= IOSQE_FIXED_FILE;
    return sqe;
}

Task<Result<void>> RingFile::transfer(bool writes, uint64_t offset,
                                      std::span<const std::byte> memory) {
    while (!memory.empty()) {
        const auto part = memory.first(std::min<uint64_t>(memory.size(), kLargestTransfer));
        RingOp operation(ring_, prepare(writes, offset, part));
        const int32_t moved = co_await operation;
        if (moved == -EINTR || moved == -EAGAIN) continue;
        if (moved < 0) co_return Error(Errc::Io, "the cache file", -moved);
        if (moved == 0) co_return Error(Errc::Io, "the cache file is too short", EIO);
        memory = memory.subspan(static_cast<size_t>(moved));
        offset += static_cast<uint64_t>(moved);
    }
    co_return ok();
}

/// Whether the file is still the whole one: where it was cut off it would read as zeros, and what
/// is in a removed one ends with us.
Result<void> RingFile::check() const {
    struct stat status{};
    if (fstat(buffered_, &status) != 0) return Error(Errc::Io, "the cache file", errno);
    if (status.st_nlink == 0) return Error(Errc::Io, "somebody has removed the cache file");
    if (static_cast<uint64_t>(status.st_size) < layout_.full_length()) {
        return Error(Errc::Io, "somebody has cut the cache file off");
    }
    return ok();
}

Task<Result<void>> RingFile::read(uint64_t offset, std::span<std::byte> into) {
    const Instant begin = Scheduler::current().now();
    CO_TRY_VOID(co_await transfer(false, offset, into));
    times_.read.record(Scheduler::current().now() - begin);
    CO_TRY_VOID(check());
    co_await advise(into.size());
    co_return ok();
}

Task<Result<void>> RingFile::write(uint64_t offset, std::span<const std::byte> from) {
    CO_TRY_VOID(check());
    const Instant begin = Scheduler::current().now();
    CO_TRY_VOID(co_await transfer(true, offset, from));
    times_.write.record(Scheduler::current().now() - begin);
    co_await advise(from.size());
    co_return ok();
}

Task<Result<void>> RingFile::sync() {
    const Instant begin = Scheduler::current().now();
    RingOp operation = ring_.fdatasync(buffered_);
    const int32_t result = co_await operation;
    times_.sync.record(Scheduler::current().now() - begin);
    if (result < 0) co_return Error(Errc::Io, "the cache file cannot be synced", -result);
    co_return check();
}

Task<void> RingFile::punch(uint64_t offset, uint64_t length) {
    const uint64_t begin = (offset + granule_ - 1) / granule_ * granule_;
    const uint64_t end = (offset + length) / granule_ * granule_;
    if (begin >= end || !punches_) co_return;
    io_uring_sqe sqe{};
    io_uring_prep_fallocate(&sqe, buffered_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                            static_cast<off_t>(begin), static_cast<off_t>(end - begin));
    RingOp operation(ring_, sqe);
    const int32_t result = co_await operation;
    punches_ = result >= 0;
}

/// All of the data at once, for the kernel keeps pages together that it has read together. What
/// goes past the page cache is not in it.
Task<void> RingFile::advise(uint64_t moved) {
    if (!advise_ || direct_ >= 0) co_return;
    unadvised_ += moved;
    if (unadvised_ < kAdvisedAtOnce) co_return;
    unadvised_ = 0;
    io_uring_sqe sqe{};
    io_uring_prep_fadvise(&sqe, buffered_, layout_.data_offset(), 0, POSIX_FADV_DONTNEED);
    RingOp operation(ring_, sqe);
    co_await operation;
}

}  // namespace s3b
