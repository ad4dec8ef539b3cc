// SPDX-License-Identifier: Apache-2.0
// Threads that answer cached reads beside the reactor, on real mounts. The tests with `threads.` in
// front of their names show that all the rest is as without.
#include <linux/fuse.h>

#include <thread>

#include "tests/fusell/mounted_test.h"

namespace s3b::fusell {
namespace {

class SessionHitsTest : public RingMountedTest {
protected:
    void SetUp() override {
        RingMountedTest::SetUp();
        settings_.threads = 2;
        std::ranges::copy(pattern(volume_.content.size(), 5), volume_.content.begin());
    }
    /// Whether `length` bytes at `offset` read as they are; from the caller's thread.
    bool reads_well(const OpenFile& f, size_t offset, size_t length) {
        AlignedBytes bytes(length);
        const ssize_t read = ::pread(f.number(), bytes.data(), length, static_cast<off_t>(offset));
        const auto wanted = std::span(volume_.content).subspan(offset, length);
        return read == static_cast<ssize_t>(length) && std::ranges::equal(bytes.bytes(), wanted);
    }
};

TEST_F(SessionHitsTest, HitsAreAnsweredWithoutTheReactorAndCountAsReads) {
    volume_.beside.on = true;
    run([this] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        for (size_t i = 0; i < 1000; ++i) {
            EXPECT_TRUE(reads_well(f, i * 7 % 1024 * 4096, 4096)) << i;
        }
        EXPECT_EQ(count_of(FUSE_READ), 1000U);
        // An entry that has opened the file is with the reactor at first.
        EXPECT_LT(volume_.reads, 20U);
        EXPECT_EQ(volume_.beside.hits, 1000U - volume_.reads);
    });
}

TEST_F(SessionHitsTest, WhatIsNoHitGoesToTheReactor) {
    run([this] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(reads_well(f, i * 4096, 4096)) << i;
        EXPECT_EQ(volume_.beside.hits, 0U);
        EXPECT_EQ(count_of(FUSE_READ), 100U);
    });
    EXPECT_EQ(volume_.reads, 100U);
    EXPECT_GT(volume_.beside.refused, 0U);
}

TEST_F(SessionHitsTest, AfterSomeHitsAtTheReactorTheThreadsAreAskedAgain) {
    volume_.at_once = true;
    run([this] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(reads_well(f, 0, 4096));
        volume_.beside.on = true;
        // Far more than an entry waits for that was given back in vain.
        size_t reads = 0;
        while (volume_.beside.hits == 0 && reads < 100'000) {
            EXPECT_TRUE(reads_well(f, 4096, 4096));
            ++reads;
        }
        EXPECT_GT(volume_.beside.hits, 0U);
        const size_t hits = volume_.beside.hits;
        for (size_t i = 0; i < 100; ++i) EXPECT_TRUE(reads_well(f, 8192, 4096));
        EXPECT_GE(volume_.beside.hits, hits + 90);
    });
}

TEST_F(SessionHitsTest, LargeReadsAndTheEndOfTheFileAreLeftToTheReactor) {
    volume_.beside.on = true;
    run([this] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        EXPECT_TRUE(reads_well(f, 0, size_t{128} << 10));
        EXPECT_EQ(volume_.beside.hits, 0U);
        const size_t last = volume_.content.size() - 4096;
        AlignedBytes bytes(8192);
        EXPECT_EQ(::pread(f.number(), bytes.data(), 8192, static_cast<off_t>(last)), 4096);
        EXPECT_TRUE(
            std::ranges::equal(bytes.bytes().first(4096), std::span(volume_.content).last(4096)));
    });
}

TEST_F(SessionHitsTest, ReadersOnAllCpusAndStatisticsGoSideBySide) {
    volume_.beside.on = true;
    run([this] {
        std::vector<std::thread> clients;
        for (size_t n = 0; n < 4; ++n) {
            clients.emplace_back([this, n] {
                const OpenFile f(file(), O_RDONLY | O_DIRECT);
                for (size_t i = 0; i < 500; ++i) {
                    EXPECT_TRUE(reads_well(f, (i * 13 + n) % 1024 * 4096, 4096));
                }
            });
        }
        for (int i = 0; i < 20; ++i) EXPECT_NE(read_text(stats()), "");
        for (std::thread& client : clients) client.join();
        const uint64_t of_statistics = 20 * 2;         // the text and its end
        const uint64_t counted = count_of(FUSE_READ);  // after the last answer
        EXPECT_EQ(counted, volume_.beside.hits + volume_.reads + of_statistics);
    });
}

}  // namespace
}  // namespace s3b::fusell
