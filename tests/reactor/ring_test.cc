// SPDX-License-Identifier: Apache-2.0
// Operations of a real ring, driven by a reactor or by enter().
#include "engine/reactor/ring.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"
#include "tests/reactor/temp_folder.h"

namespace s3b {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// Keeps what it hears.
struct Heard final : Completion {
    void complete(int32_t r) override {
        ++times;
        result = r;
    }
    int times = 0;
    int32_t result = 0;
};

class RingTest : public ::testing::Test {
protected:
    TempFolder folder_;
    Reactor reactor_;
    Ring& ring_ = reactor_.ring();
};

Task<void> write_and_read_back(Ring& ring, std::string path, std::string& back) {
    const std::string text = "0123456789";
    const int fd = co_await ring.openat(AT_FDCWD, path.c_str(), O_RDWR | O_CREAT, 0600);
    EXPECT_GE(fd, 0);
    const int written = co_await ring.write(fd, bytes_of(text), 100);
    EXPECT_EQ(written, 10);
    const int synced = co_await ring.fsync(fd);
    EXPECT_EQ(synced, 0);
    back.resize(20);
    const auto into = std::as_writable_bytes(std::span(back));
    const int got = co_await ring.read(fd, into, 105);
    EXPECT_EQ(got, 5);
    back.resize(static_cast<size_t>(std::max(got, 0)));
    const int closed = co_await ring.close(fd);
    EXPECT_EQ(closed, 0);
    EXPECT_EQ(fcntl(fd, F_GETFD), -1);  // really closed
}

TEST_F(RingTest, OpensWritesSyncsReadsAndCloses) {
    std::string back;
    reactor_.run(write_and_read_back(ring_, folder_.file("a"), back));
    EXPECT_EQ(back, "56789");
    EXPECT_EQ(std::filesystem::file_size(folder_.file("a")), 110U);
}

Task<void> rename_and_unlink(Ring& ring, std::string first, std::string second) {
    const int fd = co_await ring.openat(AT_FDCWD, first.c_str(), O_WRONLY | O_CREAT, 0640);
    co_await ring.close(fd);
    const int renamed = co_await ring.renameat(AT_FDCWD, first.c_str(), AT_FDCWD, second.c_str());
    EXPECT_EQ(renamed, 0);
    EXPECT_FALSE(std::filesystem::exists(first));
    EXPECT_TRUE(std::filesystem::exists(second));
    const int unlinked = co_await ring.unlinkat(AT_FDCWD, second.c_str());
    EXPECT_EQ(unlinked, 0);
    EXPECT_FALSE(std::filesystem::exists(second));
}

TEST_F(RingTest, RenamesAndUnlinks) {
    reactor_.run(rename_and_unlink(ring_, folder_.file("a"), folder_.file("b")));
}

Task<void> fail(Ring& ring, std::string path, std::vector<int>& results) {
    std::byte byte{};
    const int opened = co_await ring.openat(AT_FDCWD, path.c_str(), O_RDONLY, 0);
    results.push_back(opened);
    const int got = co_await ring.read(-1, std::span(&byte, 1), 0);
    results.push_back(got);
    const int closed = co_await ring.close(-1);
    results.push_back(closed);
    const int unlinked = co_await ring.unlinkat(AT_FDCWD, path.c_str());
    results.push_back(unlinked);
}

TEST_F(RingTest, FailuresAreNegativeErrnos) {
    std::vector<int> results;
    reactor_.run(fail(ring_, folder_.file("none"), results));
    EXPECT_EQ(results, (std::vector<int>{-ENOENT, -EBADF, -EBADF, -ENOENT}));
}

Task<void> write_at(Ring& ring, int fd, int i) {
    const std::string text(1, static_cast<char>('a' + i % 26));
    const int written = co_await ring.write(fd, bytes_of(text), static_cast<uint64_t>(i));
    EXPECT_EQ(written, 1);
}
Task<void> write_all(Ring& ring, int fd, int count) {
    TaskGroup group;
    for (int i = 0; i < count; ++i) group.spawn(write_at(ring, fd, i));
    EXPECT_GE(ring.in_flight(), static_cast<size_t>(count));
    co_await group.join();
}

TEST_F(RingTest, MoreOperationsThanTheRingHasEntriesAllEnd) {
    constexpr int kCount = 5000;  // the reactor's ring has 1024
    const int fd = open(folder_.file("many").c_str(), O_RDWR | O_CREAT, 0600);
    reactor_.run(write_all(ring_, fd, kCount));
    std::string back(kCount, '?');
    ASSERT_EQ(pread(fd, back.data(), kCount, 0), kCount);
    close(fd);
    for (int i = 0; i < kCount; ++i) ASSERT_EQ(back[static_cast<size_t>(i)], 'a' + i % 26);
}

/// A ring without a reactor: enter() by hand.
class BareRingTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_GE(event_, 0); }
    void TearDown() override { close(event_); }
    void signal() {
        const uint64_t one = 1;
        ASSERT_EQ(write(event_, &one, sizeof one), 8);
    }
    /// Enters until `heard` has heard.
    void await(const Heard& heard) {
        while (heard.times == 0) ring_.enter(clock_.now(), kNever);
    }
    SystemClock clock_;
    Ring ring_{8};
    int event_ = eventfd(0, EFD_CLOEXEC);
};

TEST_F(BareRingTest, APollHearsWhatItWaitsForOnce) {
    Heard heard;
    ring_.poll(event_, POLLIN, heard);
    ring_.enter(clock_.now(), clock_.now());
    EXPECT_EQ(heard.times, 0);
    EXPECT_EQ(ring_.in_flight(), 1U);
    signal();
    await(heard);
    EXPECT_EQ(heard.result, POLLIN);
    signal();
    ring_.enter(clock_.now(), clock_.now());
    EXPECT_EQ(heard.times, 1);
    EXPECT_EQ(ring_.in_flight(), 0U);
}

TEST_F(BareRingTest, ACancelledPollHearsThatOnce) {
    Heard heard;
    ring_.poll(event_, POLLIN, heard);
    ring_.enter(clock_.now(), clock_.now());
    ring_.cancel(heard);
    await(heard);
    EXPECT_EQ(heard.result, -ECANCELED);
    signal();
    ring_.enter(clock_.now(), clock_.now());
    EXPECT_EQ(heard.times, 1);
}

TEST_F(BareRingTest, APollCancelledBeforeItWasSubmittedHearsItToo) {
    Heard heard;
    ring_.poll(event_, POLLIN, heard);
    ring_.cancel(heard);
    await(heard);
    EXPECT_EQ(heard.result, -ECANCELED);
}

TEST_F(BareRingTest, CancellingWhatHasEndedDoesNothing) {
    Heard heard;
    signal();
    ring_.poll(event_, POLLIN, heard);
    await(heard);
    ring_.cancel(heard);
    ring_.enter(clock_.now(), clock_.now());
    EXPECT_EQ(heard.times, 1);
    EXPECT_EQ(heard.result, POLLIN);
}

TEST_F(BareRingTest, ReadAndWritevTellTheirCompletions) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    std::string first = "two ";
    std::string second = "pieces";
    const iovec pieces[2] = {{first.data(), first.size()}, {second.data(), second.size()}};
    Heard written;
    ring_.writev(ends[1], pieces, 2, written);
    await(written);
    EXPECT_EQ(written.result, 10);
    std::string back(20, '?');
    Heard got;
    ring_.read(ends[0], std::as_writable_bytes(std::span(back)), got);
    await(got);
    EXPECT_EQ(got.result, 10);
    EXPECT_EQ(back.substr(0, 10), "two pieces");
    close(ends[0]);
    close(ends[1]);
}

TEST_F(BareRingTest, EnterReturnsAtItsDeadline) {
    Heard heard;
    ring_.poll(event_, POLLIN, heard);
    const Instant deadline = clock_.now() + std::chrono::milliseconds(20);
    ring_.enter(clock_.now(), deadline);
    EXPECT_GE(clock_.now(), deadline);
    EXPECT_EQ(heard.times, 0);
    ring_.cancel(heard);
    await(heard);
}

TEST_F(BareRingTest, MoreCompletionsThanTheQueueHoldsAreNotLost) {
    constexpr int kCount = 20'000;  // the completion queue has 8192
    signal();
    std::vector<std::unique_ptr<Heard>> all;
    for (int i = 0; i < kCount; ++i) {
        all.push_back(std::make_unique<Heard>());
        ring_.poll(event_, POLLIN, *all.back());
    }
    EXPECT_EQ(ring_.in_flight(), static_cast<size_t>(kCount));
    while (ring_.in_flight() > 0) ring_.enter(clock_.now(), kNever);
    for (const auto& heard : all) {
        ASSERT_EQ(heard->times, 1);
        ASSERT_EQ(heard->result, POLLIN);
    }
}

/// Starts itself again from within its completion.
struct Again final : Completion {
    Again(Ring& r, int f, int n) : ring(r), fd(f), left(n) {}
    void complete(int32_t) override {
        if (--left > 0) ring.poll(fd, POLLIN, *this);
    }
    Ring& ring;
    int fd;
    int left;
};

TEST_F(BareRingTest, ACompletionMayStartOperations) {
    signal();
    std::vector<std::unique_ptr<Again>> all;
    for (int i = 0; i < 50; ++i) all.push_back(std::make_unique<Again>(ring_, event_, 20));
    for (const auto& again : all) ring_.poll(event_, POLLIN, *again);
    while (ring_.in_flight() > 0) ring_.enter(clock_.now(), kNever);
    for (const auto& again : all) EXPECT_EQ(again->left, 0);
}

TEST(Ring, IsAvailableHere) { EXPECT_EQ(Ring::probe(64), 0); }

TEST(Ring, SaysWhyThereCannotBeOne) { EXPECT_EQ(Ring::probe(1U << 30), EINVAL); }

TEST(RingDeathTest, NoRingEndsWithOperationsInFlight) {
    const int event = eventfd(0, EFD_CLOEXEC);
    const auto drop_a_busy_ring = [&] {
        Heard heard;
        Ring ring(8);
        ring.poll(event, POLLIN, heard);
    };
    EXPECT_DEATH(drop_a_busy_ring(), "in_flight_ == 0");
    close(event);
}

TEST_F(RingTest, ADriverHearsACommand) {
    if (!ring_.wide()) GTEST_SKIP() << "this kernel has no entries of 128 bytes";
    DriverCommand command;
    command.fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);  // it takes any command
    Heard heard;
    const size_t before = ring_.in_flight();
    ring_.command(command, heard);
    EXPECT_EQ(ring_.in_flight(), before + 1);
    ring_.enter(Instant(), kNever);
    EXPECT_EQ(heard.times, 1);
    EXPECT_EQ(heard.result, 0);
    ::close(command.fd);
}

TEST_F(RingTest, AFileWithoutADriverTakesNoCommand) {
    if (!ring_.wide()) GTEST_SKIP() << "this kernel has no entries of 128 bytes";
    DriverCommand command;
    command.fd = ::eventfd(0, EFD_CLOEXEC);
    Heard heard;
    ring_.command(command, heard);
    ring_.enter(Instant(), kNever);
    EXPECT_EQ(heard.result, -EOPNOTSUPP);
    ::close(command.fd);
}

}  // namespace
}  // namespace s3b
