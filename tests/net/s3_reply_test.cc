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
        {501, "Unsupported"},  {0, "BadReply"},      {100, "BadReply"},    {999, "BadReply"}};
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

ErrorDocument error_with(const char* code, const char* region = "", const char* message = "") {
    ErrorDocument document;
    document.code = code;
    document.region = region;
    document.message = message;
    return document;
}

std::string outcome(Method method, int status, const ErrorDocument& document) {
    const auto error = classify(method, status, false, document);
    return error ? to_string(error->code) : "ok";
}

TEST(Classify, ACodeMaySayMoreThanItsStatus) {
    const auto get = [](int status, const ErrorDocument& document) {
        return outcome(Method::Get, status, document);
    };
    EXPECT_EQ(get(400, error_with("ExpiredToken")), "Unauthorized");
    EXPECT_EQ(get(400, error_with("TokenRefreshRequired")), "Unauthorized");
    EXPECT_EQ(get(403, error_with("InvalidAccessKeyId")), "Forbidden");
    EXPECT_EQ(get(400, error_with("SlowDown")), "ServerError");
    EXPECT_EQ(get(400, error_with("AuthorizationHeaderMalformed", "eu-west-1")), "Redirected");
    EXPECT_EQ(get(400, error_with("AuthorizationHeaderMalformed")), "Refused");
    EXPECT_EQ(get(400, error_with("IllegalLocationConstraintException")), "Redirected");
    EXPECT_EQ(get(403, error_with("PermanentRedirect")), "Redirected");
    EXPECT_EQ(get(501, error_with("NotImplemented")), "Unsupported");
    EXPECT_EQ(get(412, error_with("PreconditionFailed")), "Stale");
    EXPECT_EQ(get(200, error_with("InternalError")), "ok");
}

TEST(Classify, BulkDeleteMayBeUnknown) {
    const struct {
        int status;
        const char* code;
        const char* meaning;
    } kCases[] = {{501, "NotImplemented", "Unsupported"},
                  {501, "", "Unsupported"},
                  {405, "MethodNotAllowed", "Unsupported"},
                  {411, "MissingContentLength", "Unsupported"},
                  {412, "PreconditionFailed", "Unsupported"},
                  {415, "", "Unsupported"},
                  {404, "", "Unsupported"},
                  {404, "NoSuchKey", "Unsupported"},
                  {404, "NoSuchBucket", "NotFound"},
                  {400, "", "Unsupported"},
                  {400, "MalformedPOSTRequest", "Unsupported"},
                  {400, "MalformedXML", "Unsupported"},
                  {400, "BadDigest", "Refused"},
                  {400, "ExpiredToken", "Unauthorized"},
                  {403, "AccessDenied", "Forbidden"},
                  {403, "", "Unsupported"},
                  {401, "", "Unauthorized"},
                  {301, "PermanentRedirect", "Redirected"},
                  {500, "InternalError", "ServerError"},
                  {503, "SlowDown", "ServerError"}};
    for (const auto& one : kCases) {
        EXPECT_EQ(outcome(Method::Post, one.status, error_with(one.code)), one.meaning)
            << one.status << ' ' << one.code;
    }
    EXPECT_EQ(outcome(Method::Put, 400, error_with("MalformedXML")), "Refused");
}

TEST(ErrorOf, AnErrorOfStatus200IsWhatItsCodeSays) {
    const auto meaning = [](const char* code) {
        return std::string(to_string(error_of(Method::Get, error_with(code)).code));
    };
    EXPECT_EQ(meaning("InternalError"), "ServerError");
    EXPECT_EQ(meaning("SlowDown"), "ServerError");
    EXPECT_EQ(meaning("AccessDenied"), "Forbidden");
    EXPECT_EQ(meaning("NoSuchBucket"), "NotFound");
    EXPECT_EQ(meaning("ExpiredToken"), "Unauthorized");
    EXPECT_EQ(meaning("NotImplemented"), "Unsupported");
    EXPECT_EQ(meaning("SomethingNew"), "Refused");
}

TEST(SaysExpiredKeys, ByTheCode) {
    for (const char* code :
         {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId"}) {
        EXPECT_TRUE(says_expired_keys(code)) << code;
    }
    for (const char* code : {"", "AccessDenied", "SignatureDoesNotMatch", "expiredtoken"}) {
        EXPECT_FALSE(says_expired_keys(code)) << code;
    }
}

TEST(SaysClockSkew, ByTheCodeOrTheMessage) {
    EXPECT_TRUE(says_clock_skew(error_with("RequestTimeTooSkewed")));
    EXPECT_TRUE(says_clock_skew(error_with("AccessDenied", "", "Request has expired")));
    EXPECT_TRUE(says_clock_skew(error_with("SignatureDoesNotMatch", "",
                                           "Signature expired: 20240102T030405Z is now earlier")));
    EXPECT_FALSE(says_clock_skew(error_with("AccessDenied", "", "Access Denied")));
    EXPECT_FALSE(says_clock_skew(error_with("ExpiredToken", "", "Request has expired")));
}

TEST(SaysSlowDown, ByTheStatusOrTheCode) {
    EXPECT_TRUE(says_slow_down(503, error_with("")));
    EXPECT_TRUE(says_slow_down(429, error_with("")));
    EXPECT_TRUE(says_slow_down(400, error_with("RequestLimitExceeded")));
    EXPECT_FALSE(says_slow_down(500, error_with("InternalError")));
}

TEST(RedirectHint, NamesTheRegionOrTheEndpoint) {
    HttpReply reply;
    EXPECT_EQ(redirect_hint(reply), "check --region and --baseURL");
    reply.error_body = "<Error><Endpoint>b.s3.eu.example</Endpoint></Error>";
    EXPECT_EQ(redirect_hint(reply), "the bucket is at b.s3.eu.example, try --baseURL or --region");
    reply.headers.bucket_region = "eu-west-1";
    EXPECT_EQ(redirect_hint(reply),
              "try --region=eu-west-1, or --baseURL: the bucket is at b.s3.eu.example");
    reply.headers.bucket_region = "";
    reply.error_body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-2</Region>";
    EXPECT_EQ(redirect_hint(reply), "try --region=eu-2");
}

}  // namespace
}  // namespace s3b::net
