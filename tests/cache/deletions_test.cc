// SPDX-License-Identifier: Apache-2.0
#include "cache/deletions.h"

#include <gtest/gtest.h>

namespace s3b::cache {
namespace {

constexpr uint32_t kChunk = Deletions::kChunk;

class DeletionsTest : public ::testing::Test {
protected:
    static BlockNumber number(uint32_t n) { return BlockNumber(n); }
    void add(uint32_t n, uint64_t version) { deletions_.add(number(n), false, version); }
    void add_range(uint64_t first, uint64_t count, uint64_t version) {
        for_words({first, count},
                  [&](size_t word, uint64_t bits) { deletions_.add(word, bits, 0, version); });
    }
    std::vector<uint32_t> claimed(BlockRange claim, size_t limit = 1000) {
        std::vector<uint32_t> numbers;
        for (const BlockNumber block : deletions_.claimed(claim, limit)) {
            numbers.push_back(block.value);
        }
        return numbers;
    }

    Deletions deletions_{BlockCount(5 * kChunk + 100)};
};

TEST_F(DeletionsTest, AClaimTakesAllOfTheNextChunkThatHasSomething) {
    for (const uint32_t n : {7U, 64U, kChunk - 1, 3 * kChunk}) add(n, 1);
    EXPECT_EQ(deletions_.waiting(), 4U);
    const auto first = deletions_.claim(1000, 8);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->first, 0U);
    EXPECT_EQ(first->count, kChunk);
    EXPECT_EQ(claimed(*first), (std::vector<uint32_t>{7, 64, kChunk - 1}));
    EXPECT_EQ(claimed(*first, 2), (std::vector<uint32_t>{7, 64}));
    EXPECT_EQ(deletions_.count_claimed(*first), 3U);
    const auto second = deletions_.claim(1000, 8);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(claimed(*second), (std::vector<uint32_t>{3 * kChunk}));
    EXPECT_EQ(deletions_.claim(1000, 8), std::nullopt);
    EXPECT_EQ(deletions_.size(), 4U);
    deletions_.end_all(*first);
    deletions_.end(number(3 * kChunk));
    EXPECT_EQ(deletions_.size(), 0U);
}

TEST_F(DeletionsTest, WhatComesWhileAClaimIsUnderWayWaitsForItsEnd) {
    add(1, 1);
    const auto first = deletions_.claim(0, 1);
    ASSERT_TRUE(first.has_value());
    add(2, 2);
    EXPECT_EQ(deletions_.claim(0, 1), std::nullopt);
    deletions_.end(number(1));
    EXPECT_EQ(deletions_.claim(0, 1), std::nullopt);  // the claim may look at its chunk again
    deletions_.release(*first);
    const auto second = deletions_.claim(0, 1);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(claimed(*second), std::vector<uint32_t>{2});
}

TEST_F(DeletionsTest, ClaimsGoRoundSoThatNoChunkIsForgotten) {
    add(1, 1);
    add(kChunk, 1);
    std::vector<uint64_t> order;
    for (int i = 0; i < 4; ++i) {
        const auto claim = deletions_.claim(0, 1);
        ASSERT_TRUE(claim.has_value());
        order.push_back(claim->first);
        deletions_.put_back_all(*claim);
        deletions_.release(*claim);
    }
    EXPECT_EQ(order, (std::vector<uint64_t>{0, kChunk, 0, kChunk}));
}

TEST_F(DeletionsTest, LongRowsAreClaimedTogetherUpToTheBound) {
    add_range(0, 5 * kChunk + 100, 1);
    const auto first = deletions_.claim(1000, 2);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->count, 2 * kChunk);
    EXPECT_EQ(deletions_.count_claimed(*first), 2 * kChunk);
    const auto second = deletions_.claim(1000, 100);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->first, 2 * kChunk);
    EXPECT_EQ(second->count, 3 * kChunk);  // the last chunk has too few
    const auto third = deletions_.claim(1000, 100);
    ASSERT_TRUE(third.has_value());
    EXPECT_EQ(third->count, 100U);  // not beyond the end of the volume
    EXPECT_EQ(claimed(*third).back(), 5 * kChunk + 99);
}

TEST_F(DeletionsTest, TellsWhatIsUnstoredSinceWhen) {
    EXPECT_FALSE(deletions_.unstored(100));
    add(1, 10);
    add(2, 20);
    EXPECT_FALSE(deletions_.unstored(9));
    EXPECT_TRUE(deletions_.unstored(10));
    EXPECT_TRUE(deletions_.unstored(number(1), 10));
    EXPECT_FALSE(deletions_.unstored(number(3), 100));
    const auto claim = deletions_.claim(0, 1);
    ASSERT_TRUE(claim.has_value());
    EXPECT_TRUE(deletions_.unstored(number(1), 10));
    add(3, 30);  // later: a flush of before does not wait for it
    EXPECT_FALSE(deletions_.unstored(number(3), 29));
    deletions_.end_all(*claim);
    EXPECT_FALSE(deletions_.unstored(29));
    EXPECT_TRUE(deletions_.unstored(30));
}

TEST_F(DeletionsTest, WhatWasPutBackHasItsOldVersion) {
    add(1, 10);
    const auto claim = deletions_.claim(0, 1);
    ASSERT_TRUE(claim.has_value());
    add(2, 20);
    deletions_.put_back(number(1));
    EXPECT_TRUE(deletions_.waits(number(1)));
    EXPECT_FALSE(deletions_.under_way(number(1)));
    EXPECT_TRUE(deletions_.unstored(10));
}

TEST_F(DeletionsTest, CancelTellsTheOldestVersionThatMayBeUnstored) {
    EXPECT_EQ(deletions_.cancel(number(1)), std::nullopt);
    add(1, 10);
    EXPECT_EQ(deletions_.cancel(number(1)), 10U);
    EXPECT_EQ(deletions_.cancel(number(1)), std::nullopt);
    EXPECT_FALSE(deletions_.unstored(100));
    add(1, 20);
    ASSERT_TRUE(deletions_.claim(0, 1).has_value());
    EXPECT_EQ(deletions_.cancel(number(1)), 20U);  // it goes on all the same
    EXPECT_TRUE(deletions_.under_way(number(1)));
    add(1, 30);
    EXPECT_EQ(deletions_.cancel(number(1)), 20U);
    EXPECT_FALSE(deletions_.waits(number(1)));
}

TEST_F(DeletionsTest, KeepDropsTheOthersOfAWord) {
    add_range(0, 64, 1);
    deletions_.keep(0, 0b101);
    EXPECT_EQ(deletions_.waiting(), 2U);
    EXPECT_TRUE(deletions_.waits(number(2)));
    EXPECT_FALSE(deletions_.waits(number(1)));
}

TEST_F(DeletionsTest, CertainOnesStayWhateverASurveyOrAListSays) {
    add_range(0, 64, 1);
    deletions_.add(number(7), true, 1);
    deletions_.keep(0, 0);
    EXPECT_EQ(deletions_.waiting(), 1U);
    add(8, 1);
    const auto claim = deletions_.claim(0, 1);
    ASSERT_TRUE(claim.has_value());
    EXPECT_EQ(deletions_.certain(*claim, 10), std::vector<BlockNumber>{number(7)});
    deletions_.put_back_all(*claim);
    deletions_.keep(0, 0);
    EXPECT_TRUE(deletions_.waits(number(7)));
    EXPECT_FALSE(deletions_.waits(number(8)));
    deletions_.cancel(number(7));
    add(7, 2);  // what is known is told anew
    deletions_.keep(0, 0);
    EXPECT_EQ(deletions_.waiting(), 0U);
}

TEST(BlockRange, IsTakenApartIntoWords) {
    std::vector<std::pair<size_t, uint64_t>> words;
    for_words({3, 0}, [&](size_t word, uint64_t bits) { words.emplace_back(word, bits); });
    EXPECT_TRUE(words.empty());
    for_words({62, 68}, [&](size_t word, uint64_t bits) { words.emplace_back(word, bits); });
    EXPECT_EQ(words, (std::vector<std::pair<size_t, uint64_t>>{
                         {0, uint64_t{3} << 62}, {1, ~uint64_t{0}}, {2, 3}}));
    words.clear();
    for_words({65, 2}, [&](size_t word, uint64_t bits) { words.emplace_back(word, bits); });
    EXPECT_EQ(words, (std::vector<std::pair<size_t, uint64_t>>{{1, 6}}));
}

}  // namespace
}  // namespace s3b::cache
