// SPDX-License-Identifier: Apache-2.0
// A source of access keys in a real reactor, with its settings and what it writes to the log.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "engine/base/log.h"
#include "engine/reactor/reactor.h"
#include "net/credential_sources.h"
#include "tests/net/key_service.h"
#include "tests/net/store_steps.h"

namespace s3b::net {

class SourceTest : public ::testing::Test {
protected:
    SourceTest() {
        settings_.initial_retry_pause = std::chrono::milliseconds(1);
        settings_.max_retry_pause = std::chrono::milliseconds(3);  // three attempts
        log::set_debug(true);
        ::testing::internal::CaptureStderr();
    }
    /// Whatever happens, the log shows no secret: all of those in these tests have this in common.
    ~SourceTest() override {
        log::set_debug(false);
        log_ += ::testing::internal::GetCapturedStderr();
        EXPECT_EQ(log_.find(kSecretMark), std::string::npos) << log_;
    }
    static constexpr const char* kSecretMark = "CANARY";

    /// What the source of `settings_` gives: the first call makes it.
    Result<AccessKeys> fetch() {
        static constexpr auto kFetch = [](CredentialSource& source,
                                          Result<AccessKeys>& outcome) -> Task<void> {
            outcome = co_await source.fetch();
        };
        if (source_ == nullptr) source_ = make_source(reactor_.ring(), settings_);
        Result<AccessKeys> outcome = AccessKeys();
        reactor_.run(kFetch(*source_, outcome));
        return outcome;
    }
    /// EXPECTs that a fetch, which fails, writes `text` to the log. The log admits ten lines of a
    /// kind in a second, and other tests may have used them up: so it may take several fetches.
    void expect_logged(const std::string& text) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (log_.find(text) == std::string::npos) {
            ASSERT_LT(std::chrono::steady_clock::now(), limit) << text << " is not in\n" << log_;
            EXPECT_FALSE(fetch().has_value());
            log_ += ::testing::internal::GetCapturedStderr();
            ::testing::internal::CaptureStderr();
        }
    }
    static std::string shown(const Result<AccessKeys>& keys) {
        if (!keys.has_value()) return std::string("failed: ") + to_string(keys.error().code);
        return keys->id + " " + keys->secret + " " + keys->session_token;
    }

    Reactor reactor_;
    KeySourceSettings settings_;
    KeyService service_;
    std::unique_ptr<CredentialSource> source_;
    std::string log_;
};

}  // namespace s3b::net
