// SPDX-License-Identifier: Apache-2.0
#include "net/rate_limit.h"

#include <string>

#include "tests/reactor/virtual_time.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RateLimitTest : public VirtualTime {
protected:
    static Task<void> payer(RateLimit& limit, Urgency urgency, uint64_t bytes, char name,
                            std::string& log) {
        co_await limit.pay(urgency, ByteCount(bytes));
        log += name;
    }
    void pay(RateLimit& limit, Urgency urgency, uint64_t bytes, char name) {
        group_.spawn(payer(limit, urgency, bytes, name, log_));
    }

    TaskGroup group_;
    std::string log_;
};

TEST_F(RateLimitTest, WithoutARateNobodyWaits) {
    RateLimit limit(ByteCount(0));
    for (const char name : {'a', 'b', 'c'}) pay(limit, Urgency::Listing, 1 << 30, name);
    EXPECT_EQ(log_, "abc");
}

TEST_F(RateLimitTest, WhoComesNextWaitsUntilNothingIsOwed) {
    RateLimit limit(ByteCount(1000));
    pay(limit, Urgency::Demand, 500, 'a');
    pay(limit, Urgency::Demand, 2000, 'b');
    pay(limit, Urgency::Demand, 1, 'c');
    EXPECT_EQ(log_, "a");
    advance(milliseconds(499));
    EXPECT_EQ(log_, "a");
    advance(milliseconds(1));
    EXPECT_EQ(log_, "ab");
    advance(milliseconds(1999));
    EXPECT_EQ(log_, "ab");
    advance(milliseconds(1));
    EXPECT_EQ(log_, "abc");
}

TEST_F(RateLimitTest, TheMoreUrgentGoFirst) {
    RateLimit limit(ByteCount(1000));
    pay(limit, Urgency::WriteBack, 1000, 'a');
    pay(limit, Urgency::WriteBack, 1000, 'b');
    pay(limit, Urgency::Flush, 1000, 'f');
    pay(limit, Urgency::Demand, 1000, 'd');
    pay(limit, Urgency::Demand, 1000, 'e');
    for (int second = 0; second < 4; ++second) advance(seconds(1));
    EXPECT_EQ(log_, "adefb");
}

TEST_F(RateLimitTest, AnIdleTimeIsNotSavedUp) {
    RateLimit limit(ByteCount(1000));
    advance(seconds(100));
    pay(limit, Urgency::Demand, 1000, 'a');
    pay(limit, Urgency::Demand, 1000, 'b');
    EXPECT_EQ(log_, "a");
    advance(seconds(1));
    EXPECT_EQ(log_, "ab");
}

TEST_F(RateLimitTest, WhatIsRefundedIsNotWaitedFor) {
    RateLimit limit(ByteCount(1000));
    pay(limit, Urgency::Demand, 100'000, 'a');
    pay(limit, Urgency::Demand, 1, 'b');
    advance(milliseconds(10));
    EXPECT_EQ(log_, "a");
    limit.refund(ByteCount(100'000));
    run_ready();
    EXPECT_EQ(log_, "ab");
}

}  // namespace
}  // namespace s3b::net
