// SPDX-License-Identifier: Apache-2.0
// A SlotDevice in memory that knows what each moment would leave on a disk: what was synced, and of
// the rest any sectors.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <vector>

#include "engine/reactor/sync.h"
#include "engine/slot_device.h"

namespace s3b {

/// Belongs to the thread of the scheduler. Must outlive the calls under way.
class FakeFile final : public SlotDevice {
public:
    static constexpr size_t kSector = 512;
    /// A number below its argument.
    using Choose = std::function<uint32_t(uint32_t)>;

    /// `image`: what the disk holds. `delay`: how long a call takes.
    FakeFile(std::vector<std::byte> image, std::function<Duration()> delay);

    Task<Result<void>> read(uint64_t offset, std::span<std::byte> into) override;
    Task<Result<void>> write(uint64_t offset, std::span<const std::byte> from) override;
    Task<Result<void>> sync() override;
    /// As a write of zeros that nobody waits for.
    Task<void> punch(uint64_t offset, uint64_t length) override;
    void will_use(std::span<std::byte>) override {}
    uint32_t granule() const override { return 64; }

    /// What the file holds after the end of the process now: writes that have ended, and any
    /// sectors of those under way.
    std::vector<std::byte> after_kill(const Choose& choose) const;
    /// After the end of the machine now: what was synced, and any sectors of all other writes.
    std::vector<std::byte> after_power_cut(const Choose& choose) const;
    /// The file as it is.
    const std::vector<std::byte>& content() const { return now_; }

    /// Told after each step of the record: a write that begins or ends, a sync that ends. It must
    /// not call this but for the images.
    void on_step(std::function<void()> step) { step_ = std::move(step); }
    /// From now on all writes, syncs or reads fail.
    void fail_writes() { writes_fail_ = true; }
    void fail_syncs() { syncs_fail_ = true; }
    void fail_reads() { reads_fail_ = true; }
    /// Nothing fails any more.
    void revive() { writes_fail_ = syncs_fail_ = reads_fail_ = false; }
    int syncs() const { return syncs_; }
    int writes() const { return writes_; }

private:
    struct Write {
        uint64_t offset;
        std::vector<std::byte> bytes;
        bool ended = false;
        uint64_t number = 0;  // of the writes that have ended
    };
    Task<void> pass_delay();
    static void apply(const Write& write, std::vector<std::byte>& image);
    static void apply_some(const Write& write, std::vector<std::byte>& image, const Choose& choose);

    std::vector<std::byte> now_;
    std::vector<std::byte> durable_;
    std::list<Write> unsynced_;  // in the order of their ends, those under way last
    std::function<Duration()> delay_;
    WaitQueue delays_;
    std::function<void()> step_;
    uint64_t ended_ = 0;
    bool writes_fail_ = false;
    bool syncs_fail_ = false;
    bool reads_fail_ = false;
    int syncs_ = 0;
    int writes_ = 0;
};

}  // namespace s3b
