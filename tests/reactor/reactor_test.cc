// SPDX-License-Identifier: Apache-2.0
#include "engine/reactor/reactor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engine/reactor/sync.h"
#include "engine/reactor/task_group.h"

namespace s3b {
namespace {

using std::chrono::milliseconds;

/// What arrived, and how many are still awaited. Belongs to the reactor's thread.
struct Arrivals {
    explicit Arrivals(size_t n) : missing(n) {}
    void note(int poster, int number) {
        threads.push_back(std::this_thread::get_id());
        list.emplace_back(poster, number);
        if (--missing == 0) complete.wake_all();
    }
    size_t missing;
    std::vector<std::pair<int, int>> list;
    std::vector<std::thread::id> threads;
    WaitQueue complete;
};

struct Note final : Posted {
    Note(Arrivals& a, int p, int n) : arrivals(a), poster(p), number(n) {}
    void arrive() override { arrivals.note(poster, number); }
    Arrivals& arrivals;
    int poster;
    int number;
};
using Notes = std::vector<std::unique_ptr<Note>>;

Notes notes_of(Arrivals& arrivals, int poster, int count) {
    Notes notes;
    for (int i = 0; i < count; ++i) notes.push_back(std::make_unique<Note>(arrivals, poster, i));
    return notes;
}

Task<void> await_all(Arrivals& arrivals) {
    while (arrivals.missing > 0) {
        co_await arrivals.complete.wait();
    }
}

TEST(Reactor, WorkPostedByManyThreadsArrivesInTheOrderOfEach) {
    constexpr int kPosters = 4;
    constexpr int kEach = 5000;
    Reactor reactor;
    Arrivals arrivals(kPosters * kEach);
    std::vector<Notes> notes;
    for (int p = 0; p < kPosters; ++p) notes.push_back(notes_of(arrivals, p, kEach));
    std::vector<std::thread> posters;
    for (Notes& mine : notes) {
        posters.emplace_back([&reactor, &mine] {
            for (const auto& note : mine) reactor.post(*note);
        });
    }
    reactor.run(await_all(arrivals));
    for (std::thread& poster : posters) poster.join();
    std::vector<int> next(kPosters, 0);
    for (const auto& [poster, number] : arrivals.list) {
        ASSERT_EQ(number, next[static_cast<size_t>(poster)]++);
    }
    EXPECT_EQ(next, std::vector<int>(kPosters, kEach));
}

TEST(Reactor, PostedWorkArrivesOnTheReactorsThread) {
    Reactor reactor;
    Arrivals arrivals(3);
    const Notes notes = notes_of(arrivals, 0, 3);
    std::thread poster([&] {
        for (const auto& note : notes) reactor.post(*note);
    });
    reactor.run(await_all(arrivals));
    poster.join();
    EXPECT_EQ(arrivals.threads, std::vector<std::thread::id>(3, std::this_thread::get_id()));
}

/// Returns once thread `id` of this process sleeps in the kernel.
void await_sleeping(pid_t id) {
    const std::string path = "/proc/self/task/" + std::to_string(id) + "/stat";
    for (;;) {
        std::ifstream file(path);
        std::string line;
        std::getline(file, line);
        const size_t name_end = line.rfind(')');
        if (name_end != std::string::npos && line.at(name_end + 2) == 'S') return;
        poll(nullptr, 0, 1);
    }
}

TEST(Reactor, PostingWakesASleepingReactor) {
    Reactor reactor;
    Arrivals arrivals(3);
    const Notes notes = notes_of(arrivals, 0, 3);
    const auto reactor_id = static_cast<pid_t>(syscall(SYS_gettid));
    std::thread poster([&] {
        for (const auto& note : notes) {
            await_sleeping(reactor_id);
            reactor.post(*note);
        }
    });
    reactor.run(await_all(arrivals));
    poster.join();
    EXPECT_EQ(arrivals.list.size(), 3U);
}

TEST(Reactor, PostingFromItsOwnThreadWorksToo) {
    Reactor reactor;
    Arrivals arrivals(2);
    const Notes notes = notes_of(arrivals, 0, 2);
    for (const auto& note : notes) reactor.post(*note);
    reactor.run(await_all(arrivals));
    EXPECT_EQ(arrivals.list.size(), 2U);
}

/// Posts its successor when it arrives.
struct Chain final : Posted {
    Chain(Reactor& r, Arrivals& a, int n) : reactor(r), arrivals(a), left(n) {}
    void arrive() override {
        arrivals.note(0, left);
        if (--left > 0) reactor.post(*this);
    }
    Reactor& reactor;
    Arrivals& arrivals;
    int left;
};

TEST(Reactor, ArrivingWorkMayPostAgain) {
    Reactor reactor;
    Arrivals arrivals(100);
    Chain chain(reactor, arrivals, 100);
    reactor.post(chain);
    reactor.run(await_all(arrivals));
    EXPECT_EQ(chain.left, 0);
}

Task<void> spin_until_all(Arrivals& arrivals) {
    while (arrivals.missing > 0) {
        co_await yield();
    }
}

TEST(Reactor, CoroutinesThatAreAlwaysReadyDoNotKeepPostedWorkOut) {
    Reactor reactor;
    Arrivals arrivals(1);
    const Notes notes = notes_of(arrivals, 0, 1);
    std::thread poster([&] { reactor.post(*notes.front()); });
    reactor.run(spin_until_all(arrivals));
    poster.join();
    EXPECT_EQ(arrivals.list.size(), 1U);
}

Task<void> count(int& runs) {
    co_await yield();
    ++runs;
}

TEST(Reactor, MayRunAgain) {
    Reactor reactor;
    int runs = 0;
    reactor.run(count(runs));
    reactor.run(count(runs));
    EXPECT_EQ(runs, 2);
}

Task<void> read_clock(Instant& now) {
    now = Scheduler::current().now();
    co_return;
}

TEST(Reactor, MainBeginsWithTheTimeAsOfRun) {
    Reactor reactor;
    Instant seen{};
    const Instant before = SystemClock().now();
    reactor.run(read_clock(seen));
    EXPECT_GE(seen, before);
}

TEST(Reactor, MayBeMadeAndEndedWithoutRunning) {
    const Reactor first;
    EXPECT_TRUE(Scheduler::current().in_loop());
}

Task<void> wait_for(Duration duration, Instant& woken) {
    const Instant deadline = Scheduler::current().now() + duration;
    co_await Sleep(deadline);
    woken = Scheduler::current().now();
}

TEST(Reactor, TimersFireNotBeforeTheirTime) {
    Reactor reactor;
    const Instant begin = reactor.scheduler().now();
    Instant woken{};
    reactor.run(wait_for(milliseconds(30), woken));
    EXPECT_GE(woken, begin + milliseconds(30));
}

Task<void> switches_while_idle(long& switches) {
    rusage before{};
    rusage after{};
    getrusage(RUSAGE_THREAD, &before);
    const Instant deadline = Scheduler::current().now() + milliseconds(300);
    co_await Sleep(deadline);
    getrusage(RUSAGE_THREAD, &after);
    switches = after.ru_nvcsw - before.ru_nvcsw;
}

TEST(Reactor, AnIdleReactorSleepsWithoutWakingUp) {
    Reactor reactor;
    long switches = 0;
    reactor.run(switches_while_idle(switches));
    EXPECT_GE(switches, 1);
    EXPECT_LE(switches, 5);  // one for the whole wait; a poll each 10 ms would make 30
}

Task<void> until_busy(Reactor& reactor, bool busy) {
    WaitQueue idle;
    while (reactor.busy() != busy) {
        if (busy) {
            co_await yield();
        } else {
            co_await idle.wait_until(Scheduler::current().now() + Reactor::kLoadWindow);
        }
    }
}

TEST(Reactor, IsBusyWithoutSleepAndNotAfterIt) {
    Reactor reactor;
    EXPECT_FALSE(reactor.busy());
    reactor.run(until_busy(reactor, true));
    reactor.run(until_busy(reactor, false));
}

TEST(Reactor, WorkPostedAndNotYetTakenArrivesBeforeTheEnd) {
    Arrivals arrivals(1);
    const Notes notes = notes_of(arrivals, 0, 1);
    {
        Reactor reactor;
        reactor.post(*notes.front());
    }
    EXPECT_EQ(arrivals.list.size(), 1U);
}

}  // namespace
}  // namespace s3b
