// SPDX-License-Identifier: Apache-2.0
// What BlockCache knows of blocks that are fetched ahead of all reads.
#include <vector>

#include "tests/cache/block_cache_fixture.h"

namespace s3b::cache {
namespace {

/// Blocks fetched before anybody asked for them, and those of them that left unread.
class AheadTest : public BlockCacheTest {
protected:
    void fetch_ahead(uint32_t n) {
        ASSERT_TRUE(cache().begin_fetch(number(n), Need::Ahead, now_));
        cache().finish_fetch(number(n), now_);
    }
    bool first_read(uint32_t n) { return cache().look_up(number(n), {0, 8}, now_).ahead; }
    std::vector<uint32_t>& unused() {
        const auto note = [](void* list, BlockNumber block) {
            static_cast<std::vector<uint32_t>*>(list)->push_back(block.value);
        };
        cache().on_unused(note, &unused_);
        return unused_;
    }
    uint64_t counted() { return cache().counters().unused_blocks; }

    std::vector<uint32_t> unused_;
};

TEST_F(AheadTest, TheFirstReadIsTold) {
    fetch_ahead(1);
    EXPECT_TRUE(first_read(1));
    EXPECT_FALSE(first_read(1));
    fetch(2);
    EXPECT_FALSE(first_read(2));
}

TEST_F(AheadTest, TheFirstReadThatJoinsTheDownloadIsTold) {
    cache().begin_fetch(number(1), Need::Ahead, now_);
    EXPECT_TRUE(first_read(1));
    EXPECT_FALSE(first_read(1));
    cache().finish_fetch(number(1), now_);
    EXPECT_FALSE(first_read(1));
}

TEST_F(AheadTest, EvictionTellsOfBlocksThatWereNotRead) {
    unused();
    for (uint32_t n = 0; n < 3; ++n) fetch_ahead(n);
    fetch(3);
    first_read(1);
    for (uint32_t n = 4; n < 8; ++n) fetch(n);
    EXPECT_EQ(unused(), (std::vector<uint32_t>{0, 2}));
    EXPECT_EQ(counted(), 2U);
}

TEST_F(AheadTest, ASlotsNextBlockBeginsAnew) {
    for (uint32_t n = 0; n < 4; ++n) fetch_ahead(n);
    for (uint32_t n = 4; n < 8; ++n) fetch(n);
    EXPECT_EQ(counted(), 4U);
    for (uint32_t n = 4; n < 8; ++n) EXPECT_FALSE(first_read(n)) << n;
    for (uint32_t n = 8; n < 12; ++n) fetch(n);
    EXPECT_EQ(counted(), 4U);
}

TEST_F(AheadTest, TheTimeoutTellsToo) {
    settings_.timeout = seconds(1);
    unused();
    fetch_ahead(1);
    cache().drop_expired(now_ + seconds(2));
    EXPECT_EQ(unused(), std::vector<uint32_t>{1});
}

TEST_F(AheadTest, OnlyAWriteOfTheWholeBlockMadeItsFetchUseless) {
    fetch_ahead(1);
    fetch_ahead(2);
    write(1);
    EXPECT_EQ(counted(), 1U);
    write(2, {0, 8});
    EXPECT_EQ(counted(), 1U);
    upload(2);
    EXPECT_FALSE(first_read(2));
}

TEST_F(AheadTest, ABlockWrittenDuringItsDownloadIsNoneOfThem) {
    cache().begin_fetch(number(1), Need::Ahead, now_);
    write(1, {0, 8});
    cache().finish_fetch(number(1), now_);
    upload(1);
    EXPECT_FALSE(first_read(1));
}

}  // namespace
}  // namespace s3b::cache
