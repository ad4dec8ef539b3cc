// SPDX-License-Identifier: Apache-2.0
#include "tests/fusell/mounted_test.h"

#include <sys/mount.h>

#include <cstdlib>

#include "engine/reactor/task_group.h"

namespace s3b::fusell {

namespace {

/// Work for the reactor's thread, from a client.
class Errand final : public Posted {
public:
    explicit Errand(std::function<void()> work) : work_(std::move(work)) {}
    void arrive() override {
        work_();
        done_.set();
    }
    void wait() { EXPECT_TRUE(done_.wait()); }

private:
    std::function<void()> work_;
    Signal done_;
};

/// Wakes the coroutine that waits for the end of a client.
class Ended final : public Posted {
public:
    void arrive() override {
        ended = true;
        waiting.wake_all();
    }
    bool ended = false;
    WaitQueue waiting;
};

}  // namespace

MountPoint::MountPoint() {
    const char* root = std::getenv("TMPDIR");
    path_ = std::string(root != nullptr ? root : "/tmp") + "/s3b-mount-XXXXXX";
    CHECK(::mkdtemp(path_.data()) != nullptr);
}

MountPoint::~MountPoint() { ::rmdir(path_.c_str()); }

void Signal::set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
}

bool Signal::wait(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return set_; });
}

namespace {

/// Ends the kernel's connection of a test that hangs: a client that waits for an answer cannot be
/// killed, and so nobody could end the test.
class Watchdog {
public:
    explicit Watchdog(std::string mount_point)
        : thread_([this, point = std::move(mount_point)] {
              if (ended_.wait(std::chrono::seconds(60))) return;
              ADD_FAILURE() << "the test hangs";
              ::umount2(point.c_str(), MNT_FORCE | UMOUNT_NOFOLLOW);
          }) {}
    ~Watchdog() {
        ended_.set();
        thread_.join();
    }
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    Signal ended_;
    std::thread thread_;
};

}  // namespace

void MountedTest::SetUp() {
    const OpenFile device("/dev/fuse", O_RDWR);
    if (device.number() < 0) GTEST_SKIP() << "/dev/fuse cannot be opened";
    settings_.mount_point = mount_point_.path();
    settings_.fsname = "memory";
    const char* const transport = std::getenv("S3B_TEST_TRANSPORT");
    const bool device_only = transport != nullptr && std::string_view(transport) == "dev";
    settings_.transport = device_only ? FuseTransport::Dev : FuseTransport::Auto;
    // Their volume has no hits, unless the test wants some: all is handed over to the reactor.
    if (transport != nullptr && std::string_view(transport) == "threads") settings_.threads = 2;
}

void RingMountedTest::SetUp() {
    MountedTest::SetUp();
    if (IsSkipped()) return;
    settings_.transport = FuseTransport::Uring;
    const std::string why = why_not_over_ring(settings_.transport, kernel_, reactor_.ring().wide());
    if (!why.empty()) GTEST_SKIP() << why;
}

void MountedTest::run(std::function<void()> client) {
    auto mounted = Session::mount(reactor_, volume_, settings_, kernel_);
    ASSERT_TRUE(mounted.has_value()) << mounted.error().what;
    session_ = std::move(*mounted);
    const Watchdog watchdog(mount_point_.path());
    reactor_.run(serve_and_run(std::move(client)));
    session_.reset();
}

Task<void> MountedTest::serve_and_run(std::function<void()> client) {
    TaskGroup serving;
    serving.spawn(session_->serve());
    Ended ended;
    std::thread thread([this, &client, &ended] {
        client();
        reactor_.post(ended);
    });
    while (!ended.ended) co_await ended.waiting.wait();
    thread.join();
    volume_.let_go();
    if (serving.running() > 0) co_await unmount();
    co_await serving.join();
}

Task<void> MountedTest::unmount() {
    const Result<void> unmounted = co_await session_->unmount();
    if (unmounted.has_value()) co_return;
    ADD_FAILURE() << "still in use after the client's end: " << unmounted.error().what;
    ::umount2(mount_point_.path().c_str(), MNT_FORCE);
    ::umount2(mount_point_.path().c_str(), MNT_DETACH);
}

void MountedTest::in_reactor(std::function<void()> work) {
    Errand errand(std::move(work));
    reactor_.post(errand);
    errand.wait();
}

uint64_t MountedTest::count_of(uint32_t opcode) {
    uint64_t count = 0;
    in_reactor([this, opcode, &count] { count = session_->counts().of(opcode); });
    return count;
}

std::vector<std::byte> pattern(size_t size, uint32_t seed) {
    std::vector<std::byte> bytes(size);
    uint32_t state = seed * 2654435761U + 1;
    for (std::byte& b : bytes) {
        state = state * 1664525U + 1013904223U;
        b = static_cast<std::byte>(state >> 24);
    }
    return bytes;
}

std::string read_text(const std::string& path) {
    const OpenFile file(path, O_RDONLY);
    if (file.number() < 0) return "errno " + std::to_string(errno);
    std::string text;
    char part[256];
    for (;;) {
        const ssize_t length = ::read(file.number(), part, sizeof part);
        if (length < 0) return "errno " + std::to_string(errno);
        if (length == 0) return text;
        text.append(part, static_cast<size_t>(length));
    }
}

}  // namespace s3b::fusell
