// SPDX-License-Identifier: Apache-2.0
// What the S3 store makes of answers: damage, wishes of the server, clocks.
#include "tests/net/s3_store_fixture.h"

namespace s3b::net {
namespace {

using std::chrono::milliseconds;

using S3StoreAnswersTest = S3StoreTest;

TEST_F(S3StoreAnswersTest, ADamagedBodyIsFetchedAgain) {
    put("a");
    server_.fault("method=GET&wrong-body");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
}

TEST_F(S3StoreAnswersTest, ABodyThatStaysDamagedIsAnError) {
    put("a");
    server_.fault("method=GET&wrong-body&count=0");
    EXPECT_EQ(get("a"), "BadReply");
}

TEST_F(S3StoreAnswersTest, TheServersRetryAfterIsWaitedForAsFarAsThePausesMayGo) {
    settings_.max_retry_pause = milliseconds(40);
    put("a");
    server_.fault("method=GET&status=503&retry-after=3600");
    EXPECT_EQ(get("a"), "ok");
    EXPECT_EQ(store().counters().retries, 1U);
    EXPECT_EQ(store().counters().retry_delay, milliseconds(40));
}

}  // namespace
}  // namespace s3b::net
