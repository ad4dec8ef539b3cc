// SPDX-License-Identifier: Apache-2.0
// How a mount begins and ends: refused, busy, unmounted by others, aborted with requests under way.
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "engine/base/log.h"
#include "engine/reactor/task_group.h"
#include "tests/fusell/mounted_test.h"

namespace s3b::fusell {
namespace {

class SessionEndTest : public MountedTest {
protected:
    std::string mount_line() const {
        std::ifstream mounts("/proc/self/mountinfo");
        std::string line;
        while (std::getline(mounts, line)) {
            if (line.find(mount_point_.path() + ' ') != std::string::npos) return line;
        }
        return {};
    }
    Error refusal() {
        auto mounted = Session::mount(reactor_, volume_, settings_);
        EXPECT_FALSE(mounted.has_value());
        return mounted.has_value() ? Error(Errc::Cancelled, "") : mounted.error();
    }
    /// Asks for the unmount from within the reactor, waits for its outcome.
    Result<void> unmount_by_session(bool lazy = false) {
        Signal done;
        Result<void> outcome;
        TaskGroup group;
        in_reactor([&] { group.spawn(note_unmount(*session_, lazy, outcome, done)); });
        EXPECT_TRUE(done.wait());
        in_reactor([&] { EXPECT_EQ(group.running(), 0U); });
        return outcome;
    }
    static Task<void> note_unmount(Session& session, bool lazy, Result<void>& outcome,
                                   Signal& done) {
        outcome = co_await session.unmount(lazy);
        done.set();
    }
    void abort_connection() const {
        // The kernel's connection has the number of the device; its control file system may not be
        // mounted at the usual place.
        MountPoint control;
        struct stat s{};
        ASSERT_EQ(::stat(mount_point_.path().c_str(), &s), 0);
        ASSERT_EQ(::mount("none", control.path().c_str(), "fusectl", 0, nullptr), 0);
        {
            const OpenFile abort(control.path() + '/' + std::to_string(minor(s.st_dev)) + "/abort",
                                 O_WRONLY);
            EXPECT_EQ(::write(abort.number(), "1", 1), 1);
        }
        EXPECT_EQ(::umount2(control.path().c_str(), MNT_DETACH), 0);
    }
    /// Asks again, each time through the reactor, for 20 s at most.
    static bool eventually(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < end) {
            if (condition()) return true;
        }
        return false;
    }
    std::unique_ptr<Signal> when_held() {
        auto signal = std::make_unique<Signal>();
        volume_.on_held = [at = signal.get()](size_t) { at->set(); };
        return signal;
    }
};

TEST_F(SessionEndTest, AMountThatIsNeverServedIsRemoved) {
    auto mounted = Session::mount(reactor_, volume_, settings_);
    ASSERT_TRUE(mounted.has_value());
    EXPECT_NE(mount_line(), "");
    mounted->reset();
    EXPECT_EQ(mount_line(), "");
}

TEST_F(SessionEndTest, AMountPointThatDoesNotExistIsRefused) {
    settings_.mount_point += "/missing";
    const Error error = refusal();
    EXPECT_EQ(error.code, Errc::Io);
    EXPECT_EQ(error.sys_errno, ENOENT);
}

TEST_F(SessionEndTest, AMountPointThatIsNoDirectoryIsRefused) {
    settings_.mount_point = "/dev/null";
    EXPECT_EQ(refusal().sys_errno, ENOTDIR);
}

TEST_F(SessionEndTest, AMountPointWithSomethingInItIsRefusedUnlessTheUserInsists) {
    ASSERT_EQ(::mkdir(path("something").c_str(), 0700), 0);
    EXPECT_EQ(refusal().code, Errc::Busy);
    settings_.options = {"nonempty"};
    run([&] { EXPECT_EQ(outcome(::access(file().c_str(), F_OK)), 0); });
    EXPECT_EQ(::rmdir(path("something").c_str()), 0);
}

TEST_F(SessionEndTest, AnOptionThatNobodyKnowsIsRefused) {
    settings_.options = {"no_such_option=1"};
    EXPECT_EQ(refusal().code, Errc::InvalidArgument);
    EXPECT_EQ(mount_line(), "");
}

TEST_F(SessionEndTest, AMountInUseIsNotUnmountedAndServesOn) {
    run([&] {
        const OpenFile f(file(), O_RDONLY);
        const Result<void> refused = unmount_by_session();
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, Errc::Busy);
        char byte = 0;
        EXPECT_EQ(::pread(f.number(), &byte, 1, 4096), 1);
    });
    EXPECT_EQ(mount_line(), "");
}

TEST_F(SessionEndTest, ALazyUnmountServesTheOpenFilesToTheirEnd) {
    run([&] {
        const OpenFile f(file(), O_RDONLY);
        EXPECT_TRUE(unmount_by_session(true).has_value());
        EXPECT_EQ(mount_line(), "");
        char byte = 0;
        EXPECT_EQ(::pread(f.number(), &byte, 1, 4096), 1);
    });
}

TEST_F(SessionEndTest, UnmountingFromOutsideEndsServing) {
    run([&] {
        EXPECT_EQ(::access(file().c_str(), F_OK), 0);
        EXPECT_EQ(outcome(::umount2(mount_point_.path().c_str(), 0)), 0);
    });
    EXPECT_EQ(mount_line(), "");
}

TEST_F(SessionEndTest, UnmountingTwiceIsNoFailure) {
    run([&] {
        EXPECT_TRUE(unmount_by_session().has_value());
        EXPECT_TRUE(unmount_by_session().has_value());
    });
}

TEST_F(SessionEndTest, AnAbortEndsServingWithRequestsUnderWayAndRemovesTheDeadMount) {
    volume_.held_read = 0;
    const auto held = when_held();
    run([&] {
        std::thread reader([&] {
            const OpenFile f(file(), O_RDONLY | O_DIRECT);
            AlignedBytes page(4096);
            EXPECT_EQ(outcome(::pread(f.number(), page.data(), page.size(), 0)), ECONNABORTED);
        });
        EXPECT_TRUE(held->wait());
        abort_connection();
        reader.join();
        in_reactor([this] { volume_.let_go(); });  // its reply comes too late
    });
    EXPECT_EQ(mount_line(), "");
}

TEST_F(SessionEndTest, AForcedUnmountEndsServingWithRequestsUnderWay) {
    volume_.held_read = 0;
    const auto held = when_held();
    run([&] {
        std::thread reader([&] {
            const OpenFile f(file(), O_RDONLY | O_DIRECT);
            AlignedBytes page(4096);
            EXPECT_NE(outcome(::pread(f.number(), page.data(), page.size(), 0)), 0);
        });
        EXPECT_TRUE(held->wait());
        ::umount2(mount_point_.path().c_str(), MNT_FORCE);  // aborts; then it may say EBUSY
        reader.join();
        in_reactor([this] { volume_.let_go(); });
    });
    EXPECT_EQ(mount_line(), "");
}

TEST_F(SessionEndTest, AtTheEndTheLogSaysHowManyRequestsCame) {
    log::set_debug(true);
    ::testing::internal::CaptureStderr();
    run([&] {
        const OpenFile f(file(), O_WRONLY);
        EXPECT_EQ(::pwrite(f.number(), "0123456789", 10, 0), 10);
    });
    log::set_debug(false);
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("DEBUG: requests served LOOKUP=1 "), std::string::npos) << text;
    EXPECT_NE(text.find(" WRITE=1 "), std::string::npos) << text;
    EXPECT_NE(text.find(" max_write=10\n"), std::string::npos) << text;
}

TEST_F(SessionEndTest, AnInterruptedClientStillGetsItsAnswer) {
    settings_.direct_io = true;  // then the kernel tells us of signals
    volume_.held_read = 0;
    const auto held = when_held();
    struct sigaction ignore{};
    ignore.sa_handler = [](int) {};
    struct sigaction before{};
    ASSERT_EQ(::sigaction(SIGUSR1, &ignore, &before), 0);
    run([&] {
        std::thread reader([&] {
            char byte = 0;
            const OpenFile f(file(), O_RDONLY);
            EXPECT_EQ(::pread(f.number(), &byte, 1, 0), 1);
        });
        EXPECT_TRUE(held->wait());
        ::pthread_kill(reader.native_handle(), SIGUSR1);
        EXPECT_TRUE(eventually([this] { return count_of(FUSE_INTERRUPT) == 1; }));
        in_reactor([this] { volume_.let_go(); });
        reader.join();
    });
    ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace s3b::fusell
