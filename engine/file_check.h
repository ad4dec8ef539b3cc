// SPDX-License-Identifier: Apache-2.0
// Compares the blocks that an earlier mount left in the cache file with the store, in the
// background and many at once: by a list of all objects with their ETags, or one by one if those
// are few. A block that is needed before is compared then.
// Source: cache-and-consistency.md 2.13.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/block_lister.h"
#include "engine/reactor/task_group.h"
#include "engine/volume_parts.h"

namespace s3b {

/// One run. Belongs to the reactor's thread; `parts` has a file and outlives it.
class FileCheck final : private ListedBlocks {
public:
    /// `threads`: requests at once.
    FileCheck(VolumeParts& parts, uint32_t threads);

    /// Ends when all have been compared, or with stop(). What cannot be compared is left to those
    /// who need it. Call it once.
    Task<void> run();
    void stop();

private:
    /// Of so many blocks one by one is never dearer.
    static constexpr uint64_t kFew = 16;

    Task<Result<void>> take(const ListedPage& page) override;
    Task<void> look_at_each();
    Task<void> work();

    VolumeParts& parts_;
    uint32_t threads_;
    BlockLister lister_;
    std::vector<BlockNumber> left_;
    bool stopped_ = false;
};

}  // namespace s3b
