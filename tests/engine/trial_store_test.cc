// SPDX-License-Identifier: Apache-2.0
#include "net/trial_store.h"

#include <gtest/gtest.h>

#include "codec/hash.h"
#include "tests/fakes/fake_bucket.h"
#include "tests/sim/sim_world.h"

namespace s3b::net {
namespace {

class TrialStoreTest : public ::testing::Test {
protected:
    TrialStore& store(TrialSettings settings) {
        auto bucket = std::make_unique<FakeBucket>();
        bucket_ = bucket.get();
        store_.emplace(std::move(bucket), settings, 1);
        return *store_;
    }
    template <class T>
    T result_of(Task<T> task) {
        return loop_.result_of(std::move(task));
    }
    Result<ETag> put(TrialStore& store) {
        PutRequest request;
        request.key = "k";
        request.body = body_;
        request.md5 = codec::md5(body_);
        request.sha256 = codec::sha256(body_);
        return result_of(store.put(request));
    }

    SimLoop loop_;
    std::vector<std::byte> body_ = std::vector<std::byte>(100, std::byte{7});
    FakeBucket* bucket_ = nullptr;
    std::optional<TrialStore> store_;
};

TEST_F(TrialStoreTest, DelaysAreRandomAndBounded) {
    TrialStore& slow = store({.delays = true});
    Duration shortest = std::chrono::hours(1);
    Duration longest{};
    for (int i = 0; i < 100; ++i) {
        const Instant begin = loop_.now();
        EXPECT_TRUE(put(slow).has_value());
        shortest = std::min(shortest, loop_.now() - begin);
        longest = std::max(longest, loop_.now() - begin);
    }
    EXPECT_LT(shortest, std::chrono::milliseconds(50));
    EXPECT_GT(longest, std::chrono::milliseconds(150));
    EXPECT_LT(longest, std::chrono::milliseconds(200));
}

TEST_F(TrialStoreTest, SomeCallsFailAndChangeNothing) {
    TrialStore& unreliable = store({.errors = true});
    int failed = 0;
    for (int i = 0; i < 400; ++i) {
        bucket_->erase("k");
        const Result<ETag> stored = put(unreliable);
        EXPECT_EQ(bucket_->find("k") != nullptr, stored.has_value());
        if (stored.has_value()) continue;
        ++failed;
        EXPECT_EQ(stored.error().sys_errno, EAGAIN);
    }
    EXPECT_GT(failed, 5);
    EXPECT_LT(failed, 60);
}

TEST_F(TrialStoreTest, WhatIsWrittenCanBeForgotten) {
    TrialStore& forgetful = store({.discard = true});
    EXPECT_EQ(*put(forgetful), ETag(codec::md5(body_)));
    EXPECT_EQ(bucket_->find("k"), nullptr);
    bucket_->set("k", body_);
    std::vector<std::byte> into(100);
    const auto got = result_of(forgetful.get("k", ReadTarget(into), Precondition()));
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().code, Errc::NotFound);
    EXPECT_TRUE(result_of(forgetful.list(ListRequest()))->objects.empty());
    EXPECT_TRUE(result_of(forgetful.remove("k")).has_value());
    EXPECT_NE(bucket_->find("k"), nullptr);
}

}  // namespace
}  // namespace s3b::net
