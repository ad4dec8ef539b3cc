// SPDX-License-Identifier: Apache-2.0
// How many requests there are, how large, and in which order they are answered.
#include <atomic>

#include "tests/fusell/mounted_test.h"

namespace s3b::fusell {
namespace {

constexpr size_t kMegabyte = size_t{1} << 20;
constexpr size_t kReaders = 100;
constexpr size_t kWriters = 64;
constexpr int kReads = 10;

class SessionOrderTest : public MountedTest {
protected:
    /// The signal that so many operations are held up.
    std::unique_ptr<Signal> when_held(size_t count) {
        auto signal = std::make_unique<Signal>();
        volume_.on_held = [count, at = signal.get()](size_t held) {
            if (held == count) at->set();
        };
        return signal;
    }
    void let_go() {
        in_reactor([this] { volume_.let_go(); });
    }
    static void read_page(const std::string& name, off_t offset) {
        const OpenFile f(name, O_RDONLY | O_DIRECT);
        AlignedBytes page(4096);
        EXPECT_EQ(::pread(f.number(), page.data(), page.size(), offset), 4096);
    }
};

TEST_F(SessionOrderTest, AReadPassesOneThatIsHeldUp) {
    volume_.held_read = 0;
    const auto held = when_held(1);
    run([&] {
        std::atomic<bool> first_done = false;
        std::thread first([&] {
            read_page(file(), 0);
            first_done = true;
        });
        EXPECT_TRUE(held->wait());
        read_page(file(), 4096);
        EXPECT_FALSE(first_done);
        let_go();
        first.join();
        EXPECT_TRUE(first_done);
    });
}

TEST_F(SessionOrderTest, TheStatisticsPassAWriteThatIsHeldUp) {
    volume_.hold_writes = true;
    const auto held = when_held(1);
    run([&] {
        std::thread writer([&] {
            const OpenFile f(file(), O_WRONLY);
            EXPECT_EQ(::pwrite(f.number(), "x", 1, 0), 1);
        });
        EXPECT_TRUE(held->wait());
        EXPECT_EQ(read_text(stats()), "resets 0\n");
        let_go();
        writer.join();
    });
}

TEST_F(SessionOrderTest, ASyncPassesAReadThatIsHeldUp) {
    volume_.held_read = 0;
    const auto held = when_held(1);
    run([&] {
        std::thread reader([&] { read_page(file(), 0); });
        EXPECT_TRUE(held->wait());
        const OpenFile f(file(), O_WRONLY);
        EXPECT_EQ(outcome(::fsync(f.number())), 0);
        let_go();
        reader.join();
    });
    EXPECT_EQ(volume_.flushes, 1);
}

TEST_F(SessionOrderTest, ManyReadsAreUnderWayAtOnce) {
    volume_.held_read = 8192;
    const auto held = when_held(kReaders);
    run([&] {
        std::vector<std::thread> clients;
        clients.reserve(kReaders);
        for (size_t i = 0; i < kReaders; ++i) {
            clients.emplace_back([&] { read_page(file(), 8192); });
        }
        EXPECT_TRUE(held->wait());
        let_go();
        for (std::thread& client : clients) client.join();
    });
}

TEST_F(SessionOrderTest, ManyLargeWritesAreUnderWayAtOnce) {
    settings_.direct_io = true;  // the kernel lets writes of one file run side by side
    volume_.hold_writes = true;
    const auto held = when_held(kWriters);
    run([&] {
        std::vector<std::thread> clients;
        clients.reserve(kWriters);
        for (size_t i = 0; i < kWriters; ++i) {
            clients.emplace_back([&] {
                const OpenFile f(file(), O_WRONLY);
                const AlignedBytes bytes(kMegabyte, 'x');
                EXPECT_EQ(::pwrite(f.number(), bytes.bytes().data(), bytes.size(), 0),
                          static_cast<ssize_t>(kMegabyte));
            });
        }
        EXPECT_TRUE(held->wait());
        let_go();
        for (std::thread& client : clients) client.join();
    });
}

TEST_F(SessionOrderTest, ADirectReadIsOneRequest) {
    run([&] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        AlignedBytes page(4096);
        EXPECT_EQ(::pread(f.number(), page.data(), page.size(), 0), 4096);
        uint64_t before = 0;
        uint64_t after = 0;
        in_reactor([&] { before = session_->counts().total(); });
        for (int i = 0; i < kReads; ++i) {
            EXPECT_EQ(::pread(f.number(), page.data(), page.size(), i * 4096), 4096);
        }
        in_reactor([&] { after = session_->counts().total(); });
        EXPECT_EQ(after - before, uint64_t{kReads});
    });
}

TEST_F(SessionOrderTest, ADirectWriteOfAMegabyteIsOneRequestWithAlignedData) {
    run([&] {
        const OpenFile f(file(), O_WRONLY | O_DIRECT);
        const AlignedBytes bytes(kMegabyte, 'x');
        EXPECT_EQ(::pwrite(f.number(), bytes.bytes().data(), bytes.size(), 0),
                  static_cast<ssize_t>(kMegabyte));
    });
    EXPECT_EQ(volume_.write_sizes, (std::vector<size_t>{kMegabyte}));
    EXPECT_TRUE(volume_.aligned);
    EXPECT_EQ(volume_.content[kMegabyte - 1], std::byte{'x'});
}

TEST_F(SessionOrderTest, ADirectReadOfAMegabyteIsOneRequest) {
    volume_.content = pattern(volume_.content.size(), 3);
    AlignedBytes bytes(kMegabyte);
    run([&] {
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        EXPECT_EQ(::pread(f.number(), bytes.data(), bytes.size(), 4096),
                  static_cast<ssize_t>(kMegabyte));
    });
    EXPECT_EQ(volume_.reads, 1U);
    EXPECT_TRUE(
        std::ranges::equal(bytes.bytes(), std::span(volume_.content).subspan(4096, kMegabyte)));
}

TEST_F(SessionOrderTest, DataStaysInThePageCacheAcrossOpens) {
    run([&] {
        char byte = 0;
        for (int i = 0; i < 3; ++i) {
            const OpenFile f(file(), O_RDONLY);
            EXPECT_EQ(::pread(f.number(), &byte, 1, 0), 1);
        }
        EXPECT_EQ(count_of(FUSE_READ), 1U);
    });
}

TEST_F(SessionOrderTest, WithDirectIoEachReadReachesTheVolume) {
    settings_.direct_io = true;
    run([&] {
        char byte = 0;
        const OpenFile f(file(), O_RDONLY);
        for (int i = 0; i < 3; ++i) EXPECT_EQ(::pread(f.number(), &byte, 1, 0), 1);
        EXPECT_EQ(count_of(FUSE_READ), 3U);
    });
}

TEST_F(SessionOrderTest, TheVolumeIsNotAskedAgainForExtendedAttributesAndFlushes) {
    run([&] {
        for (int i = 0; i < 3; ++i) {
            const OpenFile f(file(), O_WRONLY);
            EXPECT_EQ(::pwrite(f.number(), "x", 1, 0), 1);
        }
        EXPECT_EQ(count_of(FUSE_GETXATTR), 1U);
        EXPECT_EQ(count_of(FUSE_FLUSH), 1U);
    });
}

}  // namespace
}  // namespace s3b::fusell
