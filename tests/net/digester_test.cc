// SPDX-License-Identifier: Apache-2.0
// Digests of bodies that are asked for one by one and computed in groups.
#include "net/digester.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/hash.h"
#include "engine/reactor/reactor.h"
#include "engine/reactor/task_group.h"

namespace s3b::net {
namespace {

using codec::bytes_of;
using Priority = Executor::Priority;

/// Runs work at once and remembers with which priorities it came.
class RecordingExecutor final : public Executor {
public:
    void submit(Work& work, Priority priority) override {
        priorities.push_back(priority);
        work.execute();
        work.arrive();
    }
    bool hands_over(Duration) const override { return true; }

    std::vector<Priority> priorities;
};

Task<void> ask(Digester& digester, std::string_view body, Priority priority,
               Digester::Digests& digests) {
    digests = co_await digester.of(bytes_of(body), priority);
}

struct Wanted {
    std::string body;
    Priority priority = Priority::Normal;
};

/// Asks for all of them at once; every answer is compared.
Task<void> ask_for_all(Digester& digester, const std::vector<Wanted>& all, bool sha256) {
    TaskGroup group;
    std::vector<Digester::Digests> digests(all.size());
    for (size_t n = 0; n < all.size(); ++n) {
        group.spawn(ask(digester, all[n].body, all[n].priority, digests[n]));
    }
    co_await group.join();
    for (size_t n = 0; n < all.size(); ++n) {
        EXPECT_EQ(digests[n].md5, codec::md5(bytes_of(all[n].body))) << n;
        if (!sha256) continue;
        EXPECT_EQ(digests[n].sha256, codec::sha256(bytes_of(all[n].body))) << n;
    }
}

TEST(Digester, EachBodyGetsItsOwnDigestsWhateverTheGroup) {
    Reactor reactor;
    RecordingExecutor executor;
    Digester digester(executor, Digester::Kind::Both);
    std::vector<Wanted> all;
    for (size_t count = 1; count <= 10; ++count) {
        all.push_back({std::string(count * 100, static_cast<char>('a' + count)), Priority::Normal});
        reactor.run(ask_for_all(digester, all, true));
    }
}

TEST(Digester, WhatIsAskedForInOneTurnIsComputedInGroupsOfThree) {
    Reactor reactor;
    RecordingExecutor executor;
    Digester digester(executor, Digester::Kind::Md5);
    const std::vector<Wanted> seven(7, Wanted{"body", Priority::Normal});
    reactor.run(ask_for_all(digester, seven, false));
    EXPECT_EQ(executor.priorities.size(), 3U);
}

TEST(Digester, AGroupIsAsUrgentAsItsMostUrgentBody) {
    Reactor reactor;
    RecordingExecutor executor;
    Digester digester(executor, Digester::Kind::Md5);
    const std::vector<Wanted> all = {{"a", Priority::Normal},
                                     {"b", Priority::Urgent},
                                     {"c", Priority::Normal},
                                     {"d", Priority::Normal}};
    reactor.run(ask_for_all(digester, all, false));
    EXPECT_EQ(executor.priorities, (std::vector{Priority::Urgent, Priority::Normal}));
}

/// Keeps work until it is told to go on.
class HoldingExecutor final : public Executor {
public:
    void submit(Work& work, Priority) override { held.push_back(&work); }
    bool hands_over(Duration) const override { return true; }
    void release_one() {
        Work* const work = held.front();
        held.erase(held.begin());
        work->execute();
        work->arrive();
    }

    std::vector<Work*> held;
};

/// Turns in which all that is ready runs.
Task<void> settle() {
    for (int turn = 0; turn < 4; ++turn) {
        co_await yield();
    }
}

Task<void> ask_while_others_are_computed(Digester& digester, HoldingExecutor& executor) {
    TaskGroup group;
    std::vector<Digester::Digests> digests(7);
    for (size_t n = 0; n < 2; ++n) {
        group.spawn(ask(digester, "body", Priority::Normal, digests[n]));
        co_await settle();
    }
    EXPECT_EQ(executor.held.size(), 1U);  // the second one waits for company
    for (size_t n = 2; n < 4; ++n) group.spawn(ask(digester, "body", Priority::Normal, digests[n]));
    co_await settle();
    EXPECT_EQ(executor.held.size(), 2U);  // which has come
    group.spawn(ask(digester, "body", Priority::Normal, digests[4]));
    executor.release_one();
    co_await settle();
    EXPECT_EQ(executor.held.size(), 1U);  // there is another one
    executor.release_one();
    co_await settle();
    EXPECT_EQ(executor.held.size(), 1U);  // it has begun
    group.spawn(ask(digester, "body", Priority::Normal, digests[5]));
    co_await settle();
    EXPECT_EQ(executor.held.size(), 1U);
    group.spawn(ask(digester, "body", Priority::Urgent, digests[6]));
    co_await settle();
    EXPECT_EQ(executor.held.size(), 2U);
    while (!executor.held.empty()) executor.release_one();
    co_await group.join();
    for (const auto& one : digests) EXPECT_EQ(one.md5, codec::md5(bytes_of("body")));
}

TEST(Digester, WhileOthersAreComputedAGroupWaitsUntilItIsFullOrUrgentOrOneHasEnded) {
    Reactor reactor;
    HoldingExecutor executor;
    Digester digester(executor, Digester::Kind::Md5);
    reactor.run(ask_while_others_are_computed(digester, executor));
}

TEST(Digester, WorkersComputeLongBodies) {
    Reactor reactor;
    CpuPool pool(reactor, 2);
    Digester digester(pool, Digester::Kind::Both);
    std::vector<Wanted> all;
    for (size_t n = 0; n < 20; ++n) {
        all.push_back({std::string(300'000 + n * 1000, static_cast<char>('a' + n)),
                       n % 4 == 0 ? Priority::Urgent : Priority::Normal});
    }
    reactor.run(ask_for_all(digester, all, true));
}

}  // namespace
}  // namespace s3b::net
