// SPDX-License-Identifier: Apache-2.0
// What statuses mean: wire-format.md 3.2 and 12.
#include "net/s3_reply.h"

#include <gtest/gtest.h>

namespace s3b::net {
namespace {

std::string outcome(Method method, int status, bool conditional) {
    const auto error = classify(method, status, conditional);
    return error ? to_string(error->code) : "ok";
}

TEST(Classify, EveryStatusHasAMeaning) {
    const struct {
        int status;
        const char* meaning;
    } kCases[] = {
        {200, "ok"},           {204, "ok"},          {206, "ok"},          {300, "Redirected"},
        {301, "Redirected"},   {307, "Redirected"},  {304, "BadReply"},    {400, "Refused"},
        {401, "Unauthorized"}, {403, "Forbidden"},   {404, "NotFound"},    {409, "Refused"},
        {412, "Stale"},        {429, "ServerError"}, {500, "ServerError"}, {503, "ServerError"},
        {0, "BadReply"},       {100, "BadReply"},    {999, "BadReply"}};
    for (const auto& one : kCases) {
        EXPECT_EQ(outcome(Method::Get, one.status, false), one.meaning) << one.status;
    }
}

TEST(Classify, UnchangedOnlyIfAskedFor) { EXPECT_EQ(outcome(Method::Get, 304, true), "Unchanged"); }

TEST(Classify, RemovingWhatIsNotThereSucceeds) {
    EXPECT_EQ(outcome(Method::Delete, 404, false), "ok");
    EXPECT_EQ(outcome(Method::Put, 404, false), "NotFound");
}

TEST(CountStatus, EachGoesToItsCounter) {
    StoreCounters counters;
    for (const int status : {301, 308, 300, 304, 400, 401, 403, 404, 412, 500, 503, 700}) {
        count_status(counters, status);
    }
    EXPECT_EQ(counters.redirect, 2U);
    EXPECT_EQ(counters.error_3xx, 2U);
    EXPECT_EQ(counters.error_4xx, 1U);
    EXPECT_EQ(counters.unauthorized, 1U);
    EXPECT_EQ(counters.forbidden, 1U);
    EXPECT_EQ(counters.stale, 1U);
    EXPECT_EQ(counters.error_5xx, 2U);
    EXPECT_EQ(counters.other_error, 1U);
}

TEST(ErrorTag, FirstOfItsName) {
    EXPECT_EQ(error_tag("<Error><Code>A</Code><Code>B</Code></Error>", "Code"), "A");
    EXPECT_EQ(error_tag("<Error><Code>A", "Code"), "");
    EXPECT_EQ(error_tag("", "Code"), "");
    EXPECT_EQ(error_tag("<Code>a\nb</Code>", "Code"), "a?b");
    EXPECT_EQ(error_tag("<C>" + std::string(1000, 'x') + "</C>", "C").size(), kMaxTagText);
}

TEST(RedirectHint, NamesTheRegionOrTheEndpoint) {
    HttpReply reply;
    EXPECT_EQ(redirect_hint(reply), "check --region and --baseURL");
    reply.error_body = "<Error><Endpoint>b.s3.eu.example</Endpoint></Error>";
    EXPECT_EQ(redirect_hint(reply), "the bucket is at b.s3.eu.example, try --baseURL or --region");
    reply.headers.bucket_region = "eu-west-1";
    EXPECT_EQ(redirect_hint(reply), "try --region=eu-west-1");
}

}  // namespace
}  // namespace s3b::net
