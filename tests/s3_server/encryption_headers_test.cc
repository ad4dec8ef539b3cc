// SPDX-License-Identifier: Apache-2.0
// Server-side encryption as clients see it: headers kept and given back, ETags, customers' keys.
#include "tests/s3_server/encryption_headers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/s3_server/digests.h"
#include "tests/s3_server/s3_handlers.h"
#include "tests/s3_server/text.h"

namespace s3b::test {
namespace {

constexpr std::string_view kBody = "body";
constexpr std::string_view kBodyEtag = "\"841a2d689ad86bd1611447453c22c6fc\"";

std::string header(const Answer& answer, std::string_view name) {
    const auto found = std::ranges::find(answer.headers, name, &HeaderList::value_type::first);
    return found == answer.headers.end() ? "" : found->second;
}

// A customer's key in its headers.
struct CustomerKey {
    std::string key;
    std::string key_md5;

    explicit CustomerKey(char fill) {
        const std::string bytes(32, fill);
        key = base64_encode(
            std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
        key_md5 = base64_encode(md5(bytes));
    }

    std::vector<HeaderView> headers() const {
        return {{"x-amz-server-side-encryption-customer-algorithm", "AES256"},
                {"x-amz-server-side-encryption-customer-key", key},
                {"x-amz-server-side-encryption-customer-key-MD5", key_md5}};
    }
};

class EncryptionTest : public testing::Test {
protected:
    EncryptionTest() { store_.create_bucket("b"); }

    Answer run(std::string_view method, std::vector<HeaderView> headers,
               const Handling& handling = {}) {
        Request request;
        request.method = method;
        request.set_target("/b/k");
        request.headers = std::move(headers);
        request.body = kBody;
        return handlers_.handle(request, s3_target(request), handling);
    }

    Store store_{""};
    S3Handlers handlers_{store_, ServerClock(), ConditionalPut::kHonoured};
};

TEST_F(EncryptionTest, AesKeepsTheMd5AsEtag) {
    const Answer put = run("PUT", {{"x-amz-server-side-encryption", "AES256"}});
    EXPECT_EQ(header(put, "x-amz-server-side-encryption"), "AES256");
    EXPECT_EQ(header(put, "ETag"), kBodyEtag);
    EXPECT_EQ(header(run("HEAD", {}), "x-amz-server-side-encryption"), "AES256");
}

TEST_F(EncryptionTest, KmsHasAnotherEtag) {
    const Answer put = run("PUT", {{"x-amz-server-side-encryption", "aws:kms"},
                                   {"x-amz-server-side-encryption-aws-kms-key-id", "key-1"}});
    const std::string etag = header(put, "ETag");
    EXPECT_EQ(etag.size(), kBodyEtag.size());
    EXPECT_NE(etag, kBodyEtag);
    const Answer get = run("GET", {{"If-Match", etag}});
    EXPECT_EQ(get.status, 200U);
    EXPECT_EQ(header(get, "ETag"), etag);
    for (const Answer& answer : {put, get}) {
        EXPECT_EQ(header(answer, "x-amz-server-side-encryption"), "aws:kms");
        EXPECT_EQ(header(answer, "x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
    }
}

TEST_F(EncryptionTest, ContradictionsAreRefused) {
    EXPECT_EQ(run("PUT", {{"x-amz-server-side-encryption", "ROT13"}}).status, 400U);
    EXPECT_EQ(run("PUT", {{"x-amz-server-side-encryption", "AES256"},
                          {"x-amz-server-side-encryption-aws-kms-key-id", "key-1"}})
                  .status,
              400U);
    const CustomerKey key('a');
    auto both = key.headers();
    both.push_back({"x-amz-server-side-encryption", "AES256"});
    EXPECT_EQ(run("PUT", both).status, 400U);
    EXPECT_FALSE(store_.objects().find("b", "k"));
}

TEST_F(EncryptionTest, CustomersKeyIsNeededAgain) {
    const CustomerKey key('a');
    const Answer put = run("PUT", key.headers());
    EXPECT_EQ(put.status, 200U);
    EXPECT_NE(header(put, "ETag"), kBodyEtag);
    EXPECT_EQ(header(put, "x-amz-server-side-encryption-customer-key-md5"), key.key_md5);
    for (const char* method : {"GET", "HEAD"}) {
        EXPECT_EQ(run(method, key.headers()).status, 200U);
        EXPECT_EQ(run(method, {}).status, 400U);
        EXPECT_EQ(run(method, CustomerKey('b').headers()).status, 400U);
    }
    EXPECT_EQ(run("DELETE", {}).status, 204U);
    run("PUT", {});
    EXPECT_EQ(run("GET", key.headers()).status, 400U);
}

TEST_F(EncryptionTest, CustomersKeyIsChecked) {
    const CustomerKey good('a');
    auto wrong_md5 = good.headers();
    const CustomerKey other('b');
    wrong_md5[2].value = other.key_md5;
    EXPECT_EQ(run("PUT", wrong_md5).status, 400U);
    auto short_key = good.headers();
    short_key[1].value = "YWJj";
    EXPECT_EQ(run("PUT", short_key).status, 400U);
    auto algorithm = good.headers();
    algorithm[0].value = "AES128";
    EXPECT_EQ(run("PUT", algorithm).status, 400U);
    auto missing = good.headers();
    missing.pop_back();
    EXPECT_EQ(run("PUT", missing).status, 400U);
}

TEST_F(EncryptionTest, CustomersKeyIsNotStored) {
    const CustomerKey key('a');
    run("PUT", key.headers());
    const Answer answer = run("HEAD", {}, {.is_admin = true});
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(header(answer, "x-amz-server-side-encryption-customer-algorithm"), "AES256");
    for (const auto& [name, value] : answer.headers) {
        EXPECT_NE(value, key.key) << name;
    }
}

}  // namespace
}  // namespace s3b::test
