// SPDX-License-Identifier: Apache-2.0
// What only the transport over io_uring has: more entries on demand, and the way back to the
// device. All other tests of mounts run over both transports.
#include <sched.h>

#include <array>
#include <atomic>

#include "engine/base/log.h"
#include "tests/fusell/mounted_test.h"

namespace s3b::fusell {
namespace {

class SessionRingTest : public RingMountedTest {
protected:
    /// All threads of the calling one stay on its CPU.
    static void stay_here() {
        cpu_set_t here;
        CPU_ZERO(&here);
        CPU_SET(static_cast<size_t>(::sched_getcpu()), &here);
        ASSERT_EQ(::sched_setaffinity(0, sizeof here, &here), 0);
    }
};

TEST_F(SessionRingTest, AsManyRequestsAreUnderWayAsThereAreClientsOnOneCpu) {
    constexpr size_t kClients = 300;  // more than a queue has entries at first
    constexpr size_t kAtOnce = 50;
    settings_.direct_io = true;
    volume_.hold_writes = true;
    std::array<Signal, kClients / kAtOnce> held_so_many;
    volume_.on_held = [&](size_t held) {
        if (held % kAtOnce == 0) held_so_many[held / kAtOnce - 1].set();
    };
    run([&] {
        stay_here();
        std::vector<std::thread> clients;
        std::atomic<size_t> written = 0;
        for (size_t i = 0; i < kClients; ++i) {
            clients.emplace_back([&, i] {
                const OpenFile f(file(), O_WRONLY);
                const std::vector<std::byte> bytes = pattern(4096, static_cast<uint32_t>(i));
                const auto offset = static_cast<off_t>(i * 4096);
                if (::pwrite(f.number(), bytes.data(), bytes.size(), offset) == 4096) ++written;
            });
            const bool last_of_some = (i + 1) % kAtOnce == 0;
            EXPECT_TRUE(!last_of_some || held_so_many[i / kAtOnce].wait());
        }
        in_reactor([this] { volume_.let_go(); });
        for (std::thread& client : clients) client.join();
        EXPECT_EQ(written, kClients);
    });
    for (uint32_t i = 0; i < kClients; ++i) {
        const auto begin = volume_.content.begin() + i * 4096;
        EXPECT_TRUE(std::equal(begin, begin + 4096, pattern(4096, i).begin())) << i;
    }
}

TEST_F(SessionRingTest, AKernelThatRefusesAnEntryServesAllThroughTheDevice) {
    ++kernel_.possible_cpus;  // there is no such queue
    ::testing::internal::CaptureStderr();
    run([&] {
        const OpenFile f(file(), O_RDWR | O_DIRECT);
        AlignedBytes page(4096, 'x');
        EXPECT_EQ(::pwrite(f.number(), page.data(), page.size(), 8192), 4096);
        AlignedBytes back(4096);
        EXPECT_EQ(::pread(f.number(), back.data(), back.size(), 8192), 4096);
        EXPECT_TRUE(std::ranges::equal(page.bytes(), back.bytes()));
    });
    const std::string text = ::testing::internal::GetCapturedStderr();
    const std::string line = "FUSE requests come through /dev/fuse: the kernel has refused";
    const size_t found = text.find(line);
    ASSERT_NE(found, std::string::npos) << text;
    EXPECT_EQ(text.find(line, found + 1), std::string::npos) << text;
}

TEST_F(SessionRingTest, RepliesGoOutInAnyOrder) {
    volume_.held_read = 0;
    Signal held;
    volume_.on_held = [&](size_t) { held.set(); };
    std::ranges::copy(pattern(8192, 7), volume_.content.begin());
    run([&] {
        std::thread late([&] {
            const OpenFile f(file(), O_RDONLY | O_DIRECT);
            AlignedBytes page(4096);
            EXPECT_EQ(::pread(f.number(), page.data(), page.size(), 0), 4096);
            EXPECT_TRUE(std::ranges::equal(page.bytes(), std::span(volume_.content).first(4096)));
        });
        EXPECT_TRUE(held.wait());
        const OpenFile f(file(), O_RDONLY | O_DIRECT);
        AlignedBytes page(4096);
        EXPECT_EQ(::pread(f.number(), page.data(), page.size(), 4096), 4096);
        EXPECT_TRUE(
            std::ranges::equal(page.bytes(), std::span(volume_.content).subspan(4096, 4096)));
        in_reactor([this] { volume_.let_go(); });
        late.join();
    });
}

}  // namespace
}  // namespace s3b::fusell
