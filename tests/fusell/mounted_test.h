// SPDX-License-Identifier: Apache-2.0
// A real mount in a temporary directory. The reactor runs in the test's thread, the clients' system
// calls in threads of their own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/buffer.h"
#include "engine/reactor/reactor.h"
#include "fusell/session.h"
#include "tests/fusell/fake_volume.h"

namespace s3b::fusell {

/// A directory of its own under $TMPDIR, removed (not what is mounted on it) at the end.
class MountPoint {
public:
    MountPoint();
    ~MountPoint();
    MountPoint(const MountPoint&) = delete;
    MountPoint& operator=(const MountPoint&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// An open file, closed at the end. `number()` is -1 if it could not be opened, errno says why.
class OpenFile {
public:
    OpenFile(const std::string& path, int flags) : number_(::open(path.c_str(), flags, 0600)) {}
    ~OpenFile() {
        if (number_ >= 0) ::close(number_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

/// Page-aligned bytes for O_DIRECT.
class AlignedBytes {
public:
    explicit AlignedBytes(size_t size, char fill = 0) : buffer_(ByteCount(size)) {
        std::ranges::fill(buffer_.bytes(), static_cast<std::byte>(fill));
    }
    std::byte* data() { return buffer_.bytes().data(); }
    size_t size() const { return buffer_.size().value; }
    std::span<const std::byte> bytes() const { return buffer_.bytes(); }

private:
    Buffer buffer_;
};

/// A flag that one thread sets and another one waits for.
class Signal {
public:
    void set();
    /// False if nobody has set it within the time.
    bool wait(std::chrono::seconds limit = std::chrono::seconds(20));

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool set_ = false;
};

class MountedTest : public ::testing::Test {
protected:
    void SetUp() override;

    /// Mounts, runs `client` in a thread of its own while the reactor serves, unmounts when it has
    /// returned, and destroys the session.
    void run(std::function<void()> client);

    /// For clients: runs `work` in the reactor's thread and waits until it has.
    void in_reactor(std::function<void()> work);
    /// For clients: how many requests with `opcode` came so far.
    uint64_t count_of(uint32_t opcode);

    std::string path(const std::string& name) const { return mount_point_.path() + '/' + name; }
    std::string file() const { return path("file"); }
    std::string stats() const { return path("stats"); }

    MountPoint mount_point_;
    Reactor reactor_;
    FakeVolume volume_;
    MountSettings settings_;
    KernelFacts kernel_ = read_kernel_facts();
    std::unique_ptr<Session> session_;

private:
    Task<void> serve_and_run(std::function<void()> client);
    Task<void> unmount();
};

/// The same where requests come over io_uring.
class RingMountedTest : public MountedTest {
protected:
    void SetUp() override;
};

/// `size` bytes that depend on `seed` and repeat in no page.
std::vector<std::byte> pattern(size_t size, uint32_t seed);
/// The whole file as text; "errno N" if it cannot be read.
std::string read_text(const std::string& path);
/// The errno of a system call that has just returned `result`; 0 for success.
inline int outcome(long result) { return result < 0 ? errno : 0; }

}  // namespace s3b::fusell
