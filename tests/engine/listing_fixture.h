// SPDX-License-Identifier: Apache-2.0
// A fake bucket with blocks, what lists them, and a console that is a string.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "engine/block_lister.h"
#include "engine/prompt.h"
#include "engine/reactor/task_group.h"
#include "tests/fakes/fake_bucket.h"
#include "tests/sim/sim_world.h"

namespace s3b {

class FakeConsole final : public Console {
public:
    void write(std::string_view text) override { text_ += text; }
    bool is_terminal() const override { return terminal; }
    Task<std::string> read_line() override {
        ++questions;
        co_return answer;
    }
    /// What was written since the last call.
    std::string take() { return std::exchange(text_, ""); }

    std::string answer;
    int questions = 0;
    bool terminal = false;

private:
    std::string text_;
};

/// Keeps what it is told.
class Collector : public ListedBlocks {
public:
    Task<Result<void>> take(const ListedPage& page) override {
        ++pages;
        names += page.end - page.begin;
        for (const ListedBlock& listed : page.blocks) {
            EXPECT_TRUE(blocks.insert(listed.block.value).second) << listed.block.value;
            etags.push_back(listed.etag);
        }
        if (fails) co_return Error(Errc::NoSpace, "told to");
        co_return ok();
    }

    std::set<uint32_t> blocks;
    std::vector<ETag> etags;
    int pages = 0;
    uint64_t names = 0;  // that the pages cover
    bool fails = false;
};

class ListingTest : public ::testing::Test {
protected:
    using Verb = net::FakeBucket::Verb;

    static net::TransferLimits limits() {
        net::TransferLimits result;
        result.background = 64;
        return result;
    }
    codec::ObjectNames names() const { return codec::ObjectNames(prefix_); }
    std::string key(uint32_t block) const { return names().of(BlockNumber(block)); }
    void put(uint32_t block) { put_key(key(block)); }
    void put_key(const std::string& key) {
        const std::vector<std::byte> body(4, std::byte{1});
        bucket_.set(key, body);
    }
    int lists() const { return bucket_.total(Verb::List); }
    /// Runs `task` to its end.
    template <class T>
    T finish(Task<T> task) {
        static constexpr auto kKeep = [](Task<T> work, std::optional<T>& result) -> Task<void> {
            result = co_await work;
        };
        std::optional<T> result;
        tasks_.spawn(kKeep(std::move(task), result));
        CHECK(loop_.run_until([&result] { return result.has_value(); }));
        return *result;
    }

    SimLoop loop_;
    net::TransferScheduler scheduler_{limits()};
    net::FakeBucket bucket_;
    TaskGroup tasks_;
    std::string prefix_ = "p/";
};

}  // namespace s3b
