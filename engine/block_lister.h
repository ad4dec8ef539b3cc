// SPDX-License-Identifier: Apache-2.0
// Lists the objects of all blocks of a volume, in several ranges of names at once.
// Source: wire-format.md 2.5, 12; cache-and-consistency.md 5.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/name_order.h"
#include "engine/reactor/sync.h"
#include "net/object_store.h"

namespace s3b {

struct ListedBlock {
    BlockNumber block;
    ETag etag;
};

/// All blocks with an object whose names have ordinals from `begin` to `end`, that one excluded.
struct ListedPage {
    std::vector<ListedBlock> blocks;
    uint64_t begin = 0;
    uint64_t end = 0;

    ListedPage() = default;
};

/// Who is told of the blocks.
class ListedBlocks {
public:
    virtual ~ListedBlocks() = default;
    /// The next page of the same range is not asked for before this has ended. An error ends the
    /// listing with it.
    virtual Task<Result<void>> take(const ListedPage& page) = 0;
};

/// One listing. Belongs to the reactor's thread.
class BlockLister {
public:
    static constexpr uint32_t kPageKeys = 1000;

    struct Settings {
        uint32_t ranges = 1;  // pages under way at once, at the most; at least 1
        uint32_t page_keys = kPageKeys;
        net::Urgency urgency = net::Urgency::Listing;
        // Only names whose ordinals are from `begin` to `end`, that one excluded.
        uint64_t begin = 0;
        uint64_t end = ~uint64_t{0};
    };
    /// Store and scheduler must outlive it.
    BlockLister(net::ObjectStore& store, net::TransferScheduler& scheduler, NameOrder order,
                const Settings& settings);

    /// Tells `blocks` of each block whose object was there all the time, once. Each other key is
    /// ignored. Errors: the first of a page or of `blocks`; BadReply if a page does not lead on;
    /// Cancelled after stop(). Call it once.
    Task<Result<void>> run(ListedBlocks& blocks);
    /// run() ends after the pages under way.
    void stop();

    /// Blocks listed so far.
    uint64_t listed() const { return listed_; }
    /// The part of all names that was looked at: 0 to 1.
    double part_done() const;

private:
    /// Names of ordinals from `next` to `end`, that one excluded, which one worker lists.
    struct Range {
        uint64_t next = 0;
        uint64_t end = 0;
        std::string after;   // where the next page begins
        bool dense = false;  // a page was not enough: others may help

        Range() = default;
        uint64_t left() const { return end - next; }
    };

    bool over() const { return stopped_ || failure_.has_value(); }
    void fail(const Error& error);
    Task<void> work(size_t worker, ListedBlocks& blocks);
    Task<void> list_range(Range& range, ListedBlocks& blocks);
    Task<Result<net::ListPage>> next_page(const Range& range);
    Result<ListedPage> take_in(Range& range, const net::ListPage& page);
    bool take_half(Range& into);

    net::ObjectStore& store_;
    net::TransferScheduler& scheduler_;
    NameOrder order_;
    Settings settings_;
    std::vector<Range> ranges_;
    size_t busy_ = 0;    // workers with a range
    WaitQueue changed_;  // workers without one
    std::optional<Error> failure_;
    uint64_t listed_ = 0;
    bool stopped_ = false;
};

}  // namespace s3b
