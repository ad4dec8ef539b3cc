// SPDX-License-Identifier: Apache-2.0
// The S3 store against the test server: connections, faults, retries, cancelling.
#include "net/s3_store.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/task_group.h"
#include "tests/net/s3_store_fixture.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

TEST_F(S3StoreTest, OneLaneUsesOneConnectionAlsoForObjectsThatAreMissing) {
    limits_ = places(1);
    const long before = server_.stat("connections");
    put("a");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(get("missing"), "NotFound");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(server_.stat("connections") - before, 2);  // ours, and that of the question itself
    EXPECT_EQ(store().counters().handles_created, 1U);
    EXPECT_EQ(store().counters().handles_reused, 6U);
}

/// Gets `count` objects at once.
Task<void> get_many(S3Store& store, uint32_t count) {
    TaskGroup group;
    for (uint32_t i = 0; i < count; ++i) {
        group.spawn(expect_bytes(store, "many-" + std::to_string(i), pattern(4096, 1)));
    }
    co_await group.join();
}

/// An admin request that waits for something, aside of the reactor.
Task<std::string> ask(CpuPool& pool, const TestServer& server, std::string target) {
    struct Ask {
        const TestServer* server;
        std::string target;
        std::string operator()() const { return server->admin("GET", target); }
    };
    Ask question{&server, std::move(target)};
    std::string answer = co_await pool.run(std::move(question));
    co_return answer;
}

TEST_F(S3StoreTest, AsManyRequestsAtOnceAsThereAreLanes) {
    limits_ = places(6);
    for (int i = 0; i < 20; ++i) put("many-" + std::to_string(i));
    server_.fault("method=GET&count=6&hold");
    static constexpr auto kTest = [](S3Store& store, CpuPool& pool,
                                     const TestServer& server) -> Task<void> {
        TaskGroup group;
        group.spawn(get_many(store, 20));
        const std::string held = co_await ask(pool, server, "/_admin/wait?held=6");
        EXPECT_NE(held.front(), '[') << held;
        server.admin("POST", "/_admin/release");
        co_await group.join();
    };
    run(kTest(store(), pool_, server_));
    EXPECT_EQ(server_.stat("max_in_flight"), 6);
    EXPECT_EQ(store().counters().gets, 20U);
}

TEST_F(S3StoreTest, APutWhoseAnswerIsCutIsRepeated) {
    server_.fault("method=PUT&cut-answer");
    EXPECT_EQ(try_put("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
    EXPECT_EQ(get("a"), "ok");
}

TEST_F(S3StoreTest, APutThatWasSentWithoutAnAnswerIsOutcomeUnknown) {
    one_attempt();
    put("a");  // the connection is in use, so that libcurl itself may try again, too
    server_.fault("method=PUT&count=0&cut-request");
    EXPECT_EQ(try_put("a"), "OutcomeUnknown");
}

TEST_F(S3StoreTest, ARemoveThatWasSentWithoutAnAnswerIsOutcomeUnknown) {
    one_attempt();
    server_.fault("method=DELETE&cut-request");
    static constexpr auto kTest = [](S3Store& store) -> Task<void> {
        const Result<void> removed = co_await store.remove("a");
        expect_error(removed, Errc::OutcomeUnknown);
    };
    run(kTest(store()));
}

TEST_F(S3StoreTest, ALaterRefusalDoesNotMakeTheOutcomeKnown) {
    limits_ = places(1);
    server_.fault("method=PUT&cut-answer");
    server_.fault("method=PUT&count=0&status=503");
    EXPECT_EQ(try_put("a"), "OutcomeUnknown");
    EXPECT_EQ(store().counters().retries, 3U);
}

TEST_F(S3StoreTest, ASuccessAfterAnUnansweredAttemptSettlesFirst) {
    settings_.settle_time = milliseconds(200);
    server_.fault("method=PUT&cut-answer");
    const Instant begin = reactor_.scheduler().now();
    EXPECT_EQ(try_put("a"), "ok");
    EXPECT_GE(reactor_.scheduler().now() - begin, milliseconds(200));
}

TEST_F(S3StoreTest, AGetThatIsCutIsRepeated) {
    put("a");
    server_.fault("method=GET&cut-body");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
    EXPECT_EQ(store().counters().other_transfer_error, 1U);
}

TEST_F(S3StoreTest, ServerErrorsAreRepeatedUntilTheScheduleEnds) {
    put("a");
    server_.fault("method=GET&count=3&status=503");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 3U);
    EXPECT_EQ(store().counters().error_5xx, 3U);
    EXPECT_EQ(store().counters().retry_delay, milliseconds(7));
    server_.fault("method=GET&count=0&status=503");
    EXPECT_EQ(get("a"), "ServerError");
    EXPECT_EQ(store().counters().error_5xx, 7U);
}

TEST_F(S3StoreTest, ARedirectIsAnErrorAndNotFollowed) {
    one_attempt();
    put("a");
    server_.fault("count=0&status=307&location=" + server_.base_url() + "mybucket/a");
    EXPECT_EQ(get("a"), "Redirected");
    EXPECT_EQ(try_put("a"), "Redirected");
    EXPECT_EQ(store().counters().redirect, 2U);
}

TEST_F(S3StoreTest, AWrongSecretIsForbiddenAtOnce) {
    settings_.access_key = "WRONG";
    EXPECT_EQ(get("a"), "Forbidden");
    EXPECT_EQ(store().counters().forbidden, 1U);
    EXPECT_EQ(store().counters().retries, 0U);
}

TEST_F(S3StoreTest, AStaleVersionIsAskedForAgain) {
    put("a");
    EXPECT_EQ(get("a", Precondition(Precondition::Kind::Match, Md5())), "Stale");
    EXPECT_EQ(store().counters().stale, 4U);
    server_.fault("method=GET&status=412");
    EXPECT_EQ(get("a"), "ok");
}

TEST_F(S3StoreTest, AHugeBodyIsRefusedBeforeItIsWritten) {
    one_attempt();
    put("a");
    server_.fault("method=GET&huge");
    static constexpr auto kTest = [](S3Store& store) -> Task<void> {
        std::vector<std::byte> into(4096, std::byte{0x77});
        const Result<GetReply> reply = co_await store.get("a", into, no_condition());
        expect_error(reply, Errc::BadReply);
        EXPECT_TRUE(std::ranges::all_of(into, [](std::byte b) { return b == std::byte{0x77}; }));
    };
    run(kTest(store()));
    EXPECT_EQ(get("a"), "ok");
}

TEST_F(S3StoreTest, AMissingOrMalformedEtagIsNone) {
    put("a");
    server_.fault("method=GET&no-etag");
    server_.fault("method=GET&bad-etag");
    static constexpr auto kTest = [](S3Store& store) -> Task<void> {
        std::vector<std::byte> into(4096);
        for (int i = 0; i < 2; ++i) {
            const Result<GetReply> reply = co_await store.get("a", into, no_condition());
            expect_ok(reply);
            if (reply.has_value()) {
                EXPECT_FALSE(reply->etag.has_value());
            }
        }
    };
    run(kTest(store()));
}

TEST_F(S3StoreTest, SpecialCharactersInKeysAgreeWithTheirSignature) {
    for (const char* key : {"a+b=c@d:e&f/00000000", "p q%41?#/00000000", "\xc3\xa4/00000000",
                            "a/../b/./00000000", "~x_y-z.w"}) {
        put(key);
        EXPECT_EQ(get(key), "ok") << key;
    }
    EXPECT_EQ(get("b/00000000"), "NotFound");
}

TEST_F(S3StoreTest, VirtualHostStyle) {
    put("a");
    std::string url = settings_.base_url;
    url.replace(url.find("127.0.0.1"), 9, "mybucket.localhost");
    settings_.base_url = url;
    settings_.vhost = true;
    store_.reset();
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(try_put("b"), "ok");
}

TEST_F(S3StoreTest, LargeBodiesInParallelArriveWhole) {
    limits_ = places(4);
    static constexpr auto kTest = [](S3Store& store) -> Task<void> {
        for (int pass = 0; pass < 2; ++pass) {
            TaskGroup group;
            for (uint32_t i = 0; i < 8; ++i) {
                const std::string key = "large-" + std::to_string(i);
                std::vector<std::byte> body = pattern((5 << 20) + i, i);
                group.spawn(pass == 0 ? put_bytes(store, key, body)
                                      : expect_bytes(store, key, body));
            }
            co_await group.join();
        }
    };
    run(kTest(store()));
}

TEST_F(S3StoreTest, NoAnswerInTimeIsATimeout) {
    one_attempt();
    settings_.timeout = milliseconds(100);
    server_.fault("count=0&hold");
    EXPECT_EQ(get("a"), "Timeout");
    EXPECT_EQ(try_put("a"), "OutcomeUnknown");
    EXPECT_EQ(store().counters().timeouts, 2U);
}

TEST_F(S3StoreTest, AServerThatIsDownIsUnreachable) {
    put("a");
    server_.kill();
    EXPECT_EQ(get("a"), "Unreachable");
    EXPECT_EQ(try_put("a"), "Unreachable");
    EXPECT_EQ(store().counters().connect_failed, 8U);
}

TEST_F(S3StoreTest, CancelAllEndsWhatIsSentWhatWaitsAndWhatPauses) {
    limits_ = places(1);
    settings_.initial_retry_pause = std::chrono::hours(1);
    settings_.max_retry_pause = std::chrono::hours(1);
    server_.fault("method=GET&key=refused&count=0&status=503");
    server_.fault("method=GET&key=held&count=0&hold");
    static constexpr auto kGet = [](S3Store& store, std::string key) -> Task<void> {
        std::vector<std::byte> into(4096);
        const Result<GetReply> reply = co_await store.get(key, into, no_condition());
        expect_error(reply, Errc::Cancelled);
    };
    static constexpr auto kTest = [](S3Store& store, CpuPool& pool,
                                     const TestServer& server) -> Task<void> {
        TaskGroup group;
        group.spawn(kGet(store, "refused"));
        group.spawn(kGet(store, "held"));
        group.spawn(kGet(store, "waits for the lane"));
        const std::string held = co_await ask(pool, server, "/_admin/wait?held=1");
        EXPECT_NE(held.front(), '[') << held;
        EXPECT_EQ(store.counters().retries, 1U);
        store.cancel_all();
        co_await group.join();
    };
    run(kTest(store(), pool_, server_));
}

TEST_F(S3StoreTest, CancelAllInTheMiddleOfLargeBodies) {
    limits_ = places(3);
    server_.fault("method=GET&count=3&skip=3&hold");
    static constexpr auto kGet = [](S3Store& store, std::string key) -> Task<void> {
        std::vector<std::byte> into(8 << 20);
        const Result<GetReply> first = co_await store.get(key, into, no_condition());
        expect_ok(first);
        for (;;) {
            const Result<GetReply> reply = co_await store.get(key, into, no_condition());
            if (reply.has_value()) continue;
            expect_error(reply, Errc::Cancelled);
            co_return;
        }
    };
    static constexpr auto kTest = [](S3Store& store, CpuPool& pool,
                                     const TestServer& server) -> Task<void> {
        co_await put_bytes(store, "large", pattern(8 << 20, 1));
        TaskGroup group;
        for (int i = 0; i < 3; ++i) group.spawn(kGet(store, "large"));
        const std::string held = co_await ask(pool, server, "/_admin/wait?held=3");
        EXPECT_NE(held.front(), '[') << held;
        server.admin("POST", "/_admin/release");
        const uint64_t before = store.counters().gets;
        while (store.counters().gets == before) {
            co_await yield();
        }
        store.cancel_all();
        co_await group.join();
    };
    run(kTest(store(), pool_, server_));
}

TEST_F(S3StoreTest, CreateRefusesWhatCannotWork) {
    settings_.base_url = "127.0.0.1";
    const auto store = S3Store::create(kit().context(), settings_);
    ASSERT_FALSE(store.has_value());
    EXPECT_EQ(store.error().code, Errc::InvalidArgument);
}

class S3StoreJournalTest : public S3StoreTest {
protected:
    S3StoreJournalTest() : S3StoreTest({"--journal=" + directory().path() + "/journal"}) {}
    static const TemporaryDirectory& directory() {
        static const TemporaryDirectory the_directory;
        return the_directory;
    }
};

TEST_F(S3StoreJournalTest, AGetOutlivesARestartOfTheServer) {
    settings_.max_retry_pause = std::chrono::seconds(30);
    put("a");
    server_.kill();
    static constexpr auto kTest = [](S3Store& store, TestServer& server) -> Task<void> {
        TaskGroup group;
        group.spawn(expect_bytes(store, "a", pattern(4096, 1)));
        while (store.counters().retries < 2) {
            co_await yield();
        }
        server.start();
        co_await group.join();
    };
    run(kTest(store(), server_));
}

}  // namespace
}  // namespace s3b::net
