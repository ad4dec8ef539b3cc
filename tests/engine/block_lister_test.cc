// SPDX-License-Identifier: Apache-2.0
#include "engine/block_lister.h"

#include <random>

#include "tests/engine/listing_fixture.h"

namespace s3b {
namespace {

using std::chrono::milliseconds;
constexpr uint64_t kMostBlocks = uint64_t{1} << 32;

class BlockListerTest : public ListingTest {
protected:
    /// Lists a volume of `blocks` blocks in pages of 10 keys.
    Result<void> list(uint64_t blocks, uint32_t ranges = 16) {
        const NameOrder order(names(), BlockCount(blocks));
        BlockLister lister(bucket_, scheduler_, order, {.ranges = ranges, .page_keys = 10});
        collector_.blocks.clear();
        collector_.names = 0;
        Result<void> result = finish(lister.run(collector_));
        if (result.has_value()) {
            EXPECT_EQ(lister.listed(), collector_.blocks.size());
            EXPECT_EQ(lister.part_done(), 1.0);
            EXPECT_EQ(collector_.names, order.end());
        }
        return result;
    }
    std::set<uint32_t> put_all(const std::set<uint32_t>& blocks) {
        for (const uint32_t block : blocks) put(block);
        return blocks;
    }

    Collector collector_;
};

TEST_F(BlockListerTest, FindsTheFirstAndTheLastBlockOfAnyVolume) {
    for (const uint64_t blocks : {uint64_t{1}, uint64_t{2}, uint64_t{17}, kMostBlocks}) {
        const auto last = static_cast<uint32_t>(blocks - 1);
        const std::set<uint32_t> expected = put_all({0, last});
        for (const uint32_t ranges : {1U, 3U, 16U, 1000U}) {
            ASSERT_TRUE(list(blocks, ranges).has_value());
            EXPECT_EQ(collector_.blocks, expected) << blocks << " in " << ranges;
        }
        bucket_.erase(key(last));
    }
}

TEST_F(BlockListerTest, TellsETagsAndSurvivesTheirAbsence) {
    put(1);
    ASSERT_TRUE(list(10).has_value());
    EXPECT_TRUE(collector_.etags.front() == bucket_.find(key(1))->etag);
    bucket_.omit_etags(true);
    ASSERT_TRUE(list(10).has_value());
    EXPECT_FALSE(collector_.etags.back().has_value());
}

TEST_F(BlockListerTest, IgnoresWhatIsNoBlockOfTheVolume) {
    const std::set<uint32_t> expected = put_all({0, 0xa, 0x63});
    put(100);  // beyond the end
    for (const char* junk : {"p/0000000B", "p/00000001x", "p/0000002", "p/s3backer-mounted", "a",
                             "00000001", "p/", "p", "q/00000001", "p/00000000-00000001"}) {
        put_key(junk);
    }
    ASSERT_TRUE(list(100).has_value());
    EXPECT_EQ(collector_.blocks, expected);
}

TEST_F(BlockListerTest, SkipsJunkBetweenTheNames) {
    const std::set<uint32_t> expected = put_all({0, 3, 4});
    for (int i = 0; i < 500; ++i) {
        put_key(key(3) + "-junk-" + std::to_string(i));
        put_key("p/!junk" + std::to_string(i));
        put_key("p/00000003" + std::to_string(i));
        put_key("p/zjunk" + std::to_string(i));
    }
    ASSERT_TRUE(list(5, 1).has_value());
    EXPECT_EQ(collector_.blocks, expected);
    EXPECT_LE(lists(), 5);
}

TEST_F(BlockListerTest, WithoutAPrefixOtherKeysAreJunk) {
    prefix_ = "";
    const std::set<uint32_t> expected = put_all({0, 9});
    for (const char* junk : {"!", "s3backer-mounted", "zzz", "0000000"}) put_key(junk);
    ASSERT_TRUE(list(10).has_value());
    EXPECT_EQ(collector_.blocks, expected);
}

TEST_F(BlockListerTest, AsksOncePerRangeWhereThereIsNothing) {
    ASSERT_TRUE(list(kMostBlocks).has_value());
    EXPECT_EQ(lists(), 16);
}

TEST_F(BlockListerTest, ListsSideBySideWhatLiesAtTheBeginning) {
    bucket_.set_delay(milliseconds(50));
    std::set<uint32_t> expected;
    for (uint32_t i = 0; i < 10'000; ++i) expected.insert(i);
    put_all(expected);
    const Instant begin = loop_.now();
    ASSERT_TRUE(list(kMostBlocks).has_value());
    EXPECT_EQ(collector_.blocks, expected);
    EXPECT_EQ(bucket_.peak(Verb::List), 16);
    // 1000 pages of 50 ms: a sixteenth of 50 s, and what the sharing costs.
    EXPECT_LT(loop_.now() - begin, std::chrono::seconds(6));
    EXPECT_LT(lists(), 1300);
}

TEST_F(BlockListerTest, DoesNotSplitWhatFitsAPageOrTwo) {
    std::set<uint32_t> all;
    for (uint32_t i = 0; i < 64; ++i) all.insert(i);
    put_all(all);
    ASSERT_TRUE(list(64, 4).has_value());
    EXPECT_LE(lists(), 8);
}

TEST_F(BlockListerTest, FindsEachBlockOnceWhateverTheStoreHolds) {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
        const uint64_t blocks = 1 + random() % 3000;
        std::set<uint32_t> expected;
        const uint32_t dense = static_cast<uint32_t>(random() % blocks);
        for (uint32_t i = 0; i < random() % 2000; ++i) {
            const auto block = static_cast<uint32_t>(random() % 3 == 0 ? random() % blocks
                                                                       : random() % (dense + 1));
            expected.insert(block);
            put(block);
        }
        for (uint32_t i = 0; i < random() % 200; ++i) {
            put_key(key(static_cast<uint32_t>(random() % blocks)) + "+");
        }
        bucket_.set_delay([&random](Verb, std::string_view) {
            return Duration(std::chrono::microseconds(random() % 5000));
        });
        bucket_.set_page_limit(static_cast<uint32_t>(random() % 12));
        ASSERT_TRUE(list(blocks, 1 + static_cast<uint32_t>(random() % 20)).has_value());
        ASSERT_EQ(collector_.blocks, expected) << "round " << round;
        while (!bucket_.objects().empty()) bucket_.erase(bucket_.objects().begin()->first);
    }
}

TEST_F(BlockListerTest, APageThatDoesNotLeadOnIsAnError) {
    for (uint32_t i = 0; i < 40; ++i) put(i);
    bucket_.ignore_after(true);
    const Result<void> result = list(40, 1);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::BadReply);
    EXPECT_EQ(lists(), 2);
}

TEST_F(BlockListerTest, FailsAsAWholeWithTheFirstErrorOfAPage) {
    for (uint32_t i = 0; i < 2000; ++i) put(i);
    bucket_.set_delay(milliseconds(10));
    bucket_.fail_next(Verb::List, "", Errc::Forbidden);
    const Result<void> result = list(2000);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::Forbidden);
    EXPECT_LE(lists(), 16);
}

TEST_F(BlockListerTest, FailsWithTheErrorOfWhoIsTold) {
    put(1);
    collector_.fails = true;
    const Result<void> result = list(10);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::NoSpace);
}

TEST_F(BlockListerTest, ListsOnlyTheRangeAskedFor) {
    put_all({0, 99, 100, 150, 199, 200, 500});
    const NameOrder order(names(), BlockCount(1000));
    BlockLister lister(bucket_, scheduler_, order,
                       {.ranges = 3, .page_keys = 2, .begin = 100, .end = 200});
    ASSERT_TRUE(finish(lister.run(collector_)).has_value());
    EXPECT_EQ(collector_.blocks, (std::set<uint32_t>{100, 150, 199}));
    EXPECT_EQ(collector_.names, 100U);
}

TEST_F(BlockListerTest, StopsAfterThePagesUnderWay) {
    for (uint32_t i = 0; i < 2000; ++i) put(i);
    bucket_.set_delay(milliseconds(10));
    BlockLister lister(bucket_, scheduler_, NameOrder(names(), BlockCount(2000)),
                       {.ranges = 4, .page_keys = 10});
    static constexpr auto kRun = [](BlockLister& one, Collector& into,
                                    std::optional<Result<void>>& result) -> Task<void> {
        result = co_await one.run(into);
    };
    std::optional<Result<void>> result;
    tasks_.spawn(kRun(lister, collector_, result));
    loop_.run_for(milliseconds(25));
    lister.stop();
    loop_.run_for(milliseconds(10));
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->error().code, Errc::Cancelled);
    EXPECT_EQ(lists(), 12);
    EXPECT_EQ(collector_.blocks.size(), 120U);
}

}  // namespace
}  // namespace s3b
