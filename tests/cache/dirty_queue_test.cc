// SPDX-License-Identifier: Apache-2.0
#include "cache/dirty_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/cache/random.h"

namespace s3b::cache {
namespace {

using std::chrono::milliseconds;

constexpr Instant kStart{std::chrono::seconds(5)};
constexpr Duration kNotEarlier{};
constexpr BlockNumber kA(1);
constexpr BlockNumber kB(2);
constexpr BlockNumber kC(3);

Instant at(int ms) { return kStart + milliseconds(ms); }

TEST(DirtyQueue, NothingIsDueBeforeItsTime) {
    DirtyQueue queue;
    EXPECT_EQ(queue.next_due(kNotEarlier), kNever);
    queue.push(kA, at(10));
    EXPECT_EQ(queue.size(), 1U);
    EXPECT_EQ(queue.next_due(kNotEarlier), at(10));
    EXPECT_EQ(queue.pop_due(at(9), kNotEarlier), std::nullopt);
    EXPECT_EQ(queue.pop_due(at(10), kNotEarlier), kA);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.next_due(kNotEarlier), kNever);
}

TEST(DirtyQueue, BlocksComeInTheOrderOfTheirFirstWrite) {
    DirtyQueue queue;
    queue.push(kC, at(10));
    queue.push(kA, at(10));
    queue.push(kB, at(11));
    EXPECT_EQ(queue.pop_due(at(20), kNotEarlier), kC);
    EXPECT_EQ(queue.pop_due(at(20), kNotEarlier), kA);
    EXPECT_EQ(queue.pop_due(at(20), kNotEarlier), kB);
    EXPECT_EQ(queue.pop_due(at(20), kNotEarlier), std::nullopt);
}

TEST(DirtyQueue, EarlierMovesTheTimesOfPushedBlocksOnly) {
    DirtyQueue queue;
    queue.push(kA, at(10));
    queue.push_retry(kB, at(10));
    EXPECT_EQ(queue.next_due(milliseconds(4)), at(6));
    EXPECT_EQ(queue.pop_due(at(5), milliseconds(4)), std::nullopt);
    EXPECT_EQ(queue.pop_due(at(6), milliseconds(4)), kA);
    EXPECT_EQ(queue.pop_due(at(9), milliseconds(4)), std::nullopt);
    EXPECT_EQ(queue.next_due(milliseconds(4)), at(10));
    EXPECT_EQ(queue.pop_due(at(10), milliseconds(4)), kB);
}

TEST(DirtyQueue, PopHurriedTakesNoOthers) {
    DirtyQueue queue;
    queue.push(kA, at(1));
    queue.push(kB, at(2));
    EXPECT_EQ(queue.pop_hurried(), std::nullopt);
    queue.hurry(kB);
    EXPECT_EQ(queue.pop_hurried(), kB);
    EXPECT_EQ(queue.pop_hurried(), std::nullopt);
    EXPECT_EQ(queue.pop_due(at(1), kNotEarlier), kA);
}

TEST(DirtyQueue, RetriesComeInTheOrderOfTheirTimes) {
    DirtyQueue queue;
    queue.push_retry(kA, at(30));
    queue.push_retry(kB, at(10));
    queue.push_retry(kC, at(20));
    EXPECT_EQ(queue.next_due(kNotEarlier), at(10));
    EXPECT_EQ(queue.pop_due(at(40), kNotEarlier), kB);
    EXPECT_EQ(queue.pop_due(at(40), kNotEarlier), kC);
    EXPECT_EQ(queue.pop_due(at(40), kNotEarlier), kA);
}

TEST(DirtyQueue, RetriesOfOneTimeComeInTheOrderOfFailing) {
    DirtyQueue queue;
    for (uint32_t i = 0; i < 50; ++i) queue.push_retry(BlockNumber(i), at(10));
    for (uint32_t i = 0; i < 50; ++i) {
        ASSERT_EQ(queue.pop_due(at(10), kNotEarlier), BlockNumber(i));
    }
}

TEST(DirtyQueue, HurriedBlocksComeFirstInTheOrderOfHurrying) {
    DirtyQueue queue;
    queue.push(kA, at(10));
    queue.push(kB, at(10));
    queue.push_retry(kC, at(1000));
    queue.hurry(kC);
    queue.hurry(kB);
    EXPECT_EQ(queue.next_due(kNotEarlier), Instant::min());
    EXPECT_EQ(queue.pop_due(at(0), kNotEarlier), kC);
    EXPECT_EQ(queue.pop_due(at(0), kNotEarlier), kB);
    EXPECT_EQ(queue.pop_due(at(0), kNotEarlier), std::nullopt);
    EXPECT_EQ(queue.pop_due(at(10), kNotEarlier), kA);
    EXPECT_EQ(queue.pop_due(at(2000), kNotEarlier), std::nullopt);
}

TEST(DirtyQueue, HurryingWhatIsNotQueuedDoesNothing) {
    DirtyQueue queue;
    queue.hurry(kA);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.pop_due(at(0), kNotEarlier), std::nullopt);
}

TEST(DirtyQueue, ARemovedBlockIsGoneWhereverItWas) {
    DirtyQueue queue;
    queue.push(kA, at(10));
    queue.push_retry(kB, at(10));
    queue.push(kC, at(10));
    queue.hurry(kC);
    for (const BlockNumber block : {kA, kB, kC}) queue.remove(block);
    queue.remove(kA);  // no effect
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.next_due(kNotEarlier), kNever);
    EXPECT_EQ(queue.pop_due(at(100), kNotEarlier), std::nullopt);
}

TEST(DirtyQueue, ABlockQueuedAnewHasItsNewPlaceOnly) {
    DirtyQueue queue;
    queue.push(kA, at(10));
    queue.push(kB, at(10));
    queue.remove(kA);
    queue.push(kA, at(20));
    EXPECT_EQ(queue.pop_due(at(10), kNotEarlier), kB);
    EXPECT_EQ(queue.pop_due(at(19), kNotEarlier), std::nullopt);
    EXPECT_EQ(queue.pop_due(at(20), kNotEarlier), kA);
    EXPECT_EQ(queue.pop_due(at(20), kNotEarlier), std::nullopt);
}

TEST(DirtyQueueDeathTest, ABlockIsNotQueuedTwice) {
    DirtyQueue queue;
    queue.push(kA, at(10));
    EXPECT_DEATH(queue.push(kA, at(11)), "added");
    EXPECT_DEATH(queue.push_retry(kA, at(11)), "added");
}

/// The contract, done slowly: three lists, in their order.
class Reference {
public:
    void push(BlockNumber block, Instant due) { waiting_.push_back({block, due}); }
    void push_retry(BlockNumber block, Instant due) {
        const auto later = std::ranges::upper_bound(retries_, due, {}, &Item::due);
        retries_.insert(later, {block, due});
    }
    bool contains(BlockNumber block) const {
        return std::ranges::any_of(lists(), [&](const Items* items) {
            return std::ranges::find(*items, block, &Item::block) != items->end();
        });
    }
    void remove(BlockNumber block) {
        for (Items* items : {&urgent_, &waiting_, &retries_}) {
            std::erase_if(*items, [&](const Item& item) { return item.block == block; });
        }
    }
    void hurry(BlockNumber block) {
        if (!contains(block)) return;
        remove(block);
        urgent_.push_back({block, Instant::min()});
    }
    std::optional<BlockNumber> pop_due(Instant now, Duration earlier) {
        for (Items* items : {&urgent_, &waiting_, &retries_}) {
            if (items->empty()) continue;
            const Item first = items->front();
            if (items == &waiting_ ? first.due - earlier > now : first.due > now) continue;
            items->erase(items->begin());
            return first.block;
        }
        return std::nullopt;
    }
    Instant next_due(Duration earlier) const {
        if (!urgent_.empty()) return Instant::min();
        Instant next = kNever;
        if (!waiting_.empty()) next = waiting_.front().due - earlier;
        if (!retries_.empty()) next = std::min(next, retries_.front().due);
        return next;
    }
    size_t size() const { return urgent_.size() + waiting_.size() + retries_.size(); }

private:
    struct Item {
        BlockNumber block;
        Instant due;
    };
    using Items = std::vector<Item>;
    std::array<const Items*, 3> lists() const { return {&urgent_, &waiting_, &retries_}; }
    Items urgent_;
    Items waiting_;
    Items retries_;
};

TEST(DirtyQueue, AgreesWithThreeLists) {
    Random random(5);
    DirtyQueue queue;
    Reference expected;
    Instant now = kStart;
    const Duration delay = milliseconds(40);
    for (int step = 0; step < 200'000; ++step) {
        now += milliseconds(random.below(4));
        const BlockNumber block(random.below(40));
        const Duration earlier = milliseconds(random.below(3) * 20);
        switch (random.below(6)) {
            case 0:
            case 1:
                if (expected.contains(block)) break;
                queue.push(block, now + delay);
                expected.push(block, now + delay);
                break;
            case 2: {
                if (expected.contains(block)) break;
                const Instant due = now + milliseconds(random.below(100));
                queue.push_retry(block, due);
                expected.push_retry(block, due);
                break;
            }
            case 3:
                queue.hurry(block);
                expected.hurry(block);
                break;
            case 4:
                queue.remove(block);
                expected.remove(block);
                break;
            default: ASSERT_EQ(queue.pop_due(now, earlier), expected.pop_due(now, earlier)) << step;
        }
        ASSERT_EQ(queue.size(), expected.size()) << step;
        ASSERT_EQ(queue.next_due(earlier), expected.next_due(earlier)) << step;
    }
}

}  // namespace
}  // namespace s3b::cache
