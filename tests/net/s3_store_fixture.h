// SPDX-License-Identifier: Apache-2.0
// An S3 store against a test server of its own, with short pauses.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/task_group.h"
#include "tests/net/store_kit.h"
#include "tests/net/store_steps.h"
#include "tests/net/test_server.h"

namespace s3b::net {

class S3StoreTest : public ::testing::Test {
protected:
    explicit S3StoreTest(std::vector<std::string> more = {}) : server_(options(std::move(more))) {
        settings_.base_url = server_.base_url();
        settings_.bucket = "mybucket";
        settings_.access_id = "ID";
        settings_.access_key = "KEY";
        settings_.initial_retry_pause = std::chrono::milliseconds(1);
        settings_.max_retry_pause = std::chrono::milliseconds(7);  // 1 + 2 + 4: four attempts
        settings_.settle_time = std::chrono::milliseconds(1);
    }
    static std::vector<std::string> options(std::vector<std::string> more) {
        std::vector<std::string> all{"--access-id=ID", "--secret=KEY", "--bucket=mybucket"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    void one_attempt() {
        settings_.initial_retry_pause = Duration{};
        settings_.max_retry_pause = Duration{};
    }
    StoreKit& kit() {
        if (!kit_) kit_.emplace(reactor_, limits_);
        return *kit_;
    }
    S3Store& store() {
        if (!store_) store_ = S3Store::create(kit().context(credentials_), settings_).value();
        return *store_;
    }
    void run(Task<void> task) { reactor_.run(std::move(task)); }
    /// Puts 4096 bytes under `key`.
    void put(std::string key) { run(put_bytes(store(), std::move(key), pattern(4096, 1))); }
    /// What a get of `key` ends with.
    std::string get(std::string key, Precondition condition = Precondition()) {
        static constexpr auto kGet = [](S3Store& store, std::string name, Precondition expected,
                                        std::string& outcome) -> Task<void> {
            std::vector<std::byte> into(4096);
            const Result<GetReply> reply = co_await store.get(name, into, expected);
            outcome = reply.has_value() ? "ok" : to_string(reply.error().code);
        };
        std::string outcome;
        run(kGet(store(), std::move(key), condition, outcome));
        return outcome;
    }
    /// Puts many objects at once; EXPECTs success of all.
    void put_many(int count) {
        static constexpr auto kPut = [](S3Store& store, int objects) -> Task<void> {
            TaskGroup group;
            for (int i = 0; i < objects; ++i) {
                group.spawn(put_bytes(store, std::to_string(i), pattern(4096, 1)));
            }
            co_await group.join();
        };
        run(kPut(store(), count));
    }
    /// What a put of `key` ends with.
    std::string try_put(std::string key) {
        static constexpr auto kPut = [](S3Store& store, std::string name,
                                        std::string& outcome) -> Task<void> {
            const std::vector<std::byte> body = pattern(4096, 1);
            const PutRequest request = put_of(name, body);
            const Result<ETag> etag = co_await store.put(request);
            outcome = etag.has_value() ? "ok" : to_string(etag.error().code);
        };
        std::string outcome;
        run(kPut(store(), std::move(key), outcome));
        return outcome;
    }

    TestServer server_;
    Reactor reactor_;
    CpuPool pool_{reactor_, 1};
    S3Settings settings_;
    TransferLimits limits_ = places(20);
    std::optional<StoreKit> kit_;
    Credentials* credentials_ = nullptr;
    std::unique_ptr<S3Store> store_;
};

}  // namespace s3b::net
