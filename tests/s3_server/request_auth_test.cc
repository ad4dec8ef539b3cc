// SPDX-License-Identifier: Apache-2.0
// The signature check against requests of known signature (wire-format.md 13.4), and what it must
// refuse.
#include "tests/s3_server/request_auth.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/s3_server/text.h"

namespace s3b::test {
namespace {

constexpr std::string_view kDate = "20240102T030405Z";
constexpr std::time_t kNow = 1704164645;  // kDate
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kBlockHash =
    "92cf7a5ebd0f5e14734a56ebefee8a6934d9c0563a081b8f9dbb5d5859440d83";

std::string authorization(std::string_view signed_headers, std::string_view signature) {
    std::string text =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240102/us-east-1/s3/aws4_request, ";
    text += "SignedHeaders=" + std::string(signed_headers);
    text += ", Signature=" + std::string(signature);
    return text;
}

// A request together with the memory its header views point to.
struct SignedRequest {
    std::string authorization_header;
    Request request;

    SignedRequest(std::string_view method, std::string_view target, std::vector<HeaderView> headers,
                  std::string_view signed_headers, std::string_view signature)
        : authorization_header(authorization(signed_headers, signature)) {
        request.method = method;
        request.set_target(target);
        request.headers = std::move(headers);
        request.headers.push_back({"User-Agent", "s3backer/1.5.0/unknown"});
        request.headers.push_back({"x-amz-date", kDate});
        request.headers.push_back({"Authorization", authorization_header});
    }
    SignedRequest(const SignedRequest&) = delete;
    SignedRequest& operator=(const SignedRequest&) = delete;

    void set(std::string_view name, std::string_view value) {
        for (HeaderView& item : request.headers) {
            if (equal_ignoring_case(item.name, name)) {
                item.value = value;
                return;
            }
        }
        request.headers.push_back({name, value});
    }

    void drop(std::string_view name) {
        std::erase_if(request.headers,
                      [&](const HeaderView& item) { return equal_ignoring_case(item.name, name); });
    }
};

struct BlockPut : SignedRequest {
    BlockPut()
        : SignedRequest("PUT", "/mybucket/00000000",
                        {{"Host", "127.0.0.1:9000"},
                         {"Content-Type", "application/x-s3backer-block"},
                         {"Content-MD5", "OXHOaT7jIhcllkBpI23NIA=="},
                         {"x-amz-acl", "private"},
                         {"x-amz-meta-s3backer-blocksize", "4096"},
                         {"x-amz-meta-s3backer-filesize", "1048576"},
                         {"x-amz-content-sha256", kBlockHash}},
                        "content-md5;content-type;host;x-amz-acl;x-amz-content-sha256;x-amz-date;"
                        "x-amz-meta-s3backer-blocksize;x-amz-meta-s3backer-filesize",
                        "422cb06ef687353f6a63631605861346d7c097d5f60ba2ac0a875b3dd65977ff") {}
};

struct ListRequest : SignedRequest {
    ListRequest(std::string_view target, std::string_view signature)
        : SignedRequest("GET", target,
                        {{"Host", "127.0.0.1:9000"},
                         {"Accept-Encoding", "deflate, gzip, br, zstd"},
                         {"x-amz-content-sha256", kEmptyHash}},
                        "host;x-amz-content-sha256;x-amz-date", signature) {}
};

AuthSettings settings() {
    AuthSettings settings;
    settings.access_id = "AKIDEXAMPLE";
    settings.secret = "SECRETKEYEXAMPLE";
    return settings;
}

// "" when accepted, else the code of the error.
std::string refusal(const std::optional<Answer>& answer) {
    if (!answer) {
        return {};
    }
    const std::string& xml = *answer->body;
    const size_t begin = xml.find("<Code>") + 6;
    return xml.substr(begin, xml.find("</Code>") - begin);
}

std::string check(const Request& request, const AuthSettings& given = settings(),
                  std::time_t now = kNow) {
    RequestAuth auth(given);
    return refusal(auth.check(request, now));
}

TEST(RequestAuth, CanonicalRequestOfBlockPut) {
    const BlockPut put;
    const auto parts = parse_authorization(put.authorization_header);
    ASSERT_TRUE(parts);
    const std::string canonical = canonical_request(put.request, parts->signed_headers);
    EXPECT_EQ(string_to_sign(kDate, parts->scope, canonical),
              "AWS4-HMAC-SHA256\n20240102T030405Z\n20240102/us-east-1/s3/aws4_request\n"
              "5553f0c47508e4e035af492d9fc9e7676cf4768ad42ca49da0cbea5b99be6062");
}

TEST(RequestAuth, AcceptsBlockPut) { EXPECT_EQ(check(BlockPut().request), ""); }

TEST(RequestAuth, AcceptsBlockGet) {
    const SignedRequest get("GET", "/mybucket/00000001",
                            {{"Host", "127.0.0.1:9000"},
                             {"Accept-Encoding", "deflate"},
                             {"x-amz-content-sha256", kEmptyHash}},
                            "accept-encoding;host;x-amz-content-sha256;x-amz-date",
                            "34dfe31f38cc61e86c8ff91761a0844f2febf7643d31bd7bf4d69ed4332a0fa4");
    EXPECT_EQ(check(get.request), "");
}

TEST(RequestAuth, AcceptsLists) {
    const ListRequest first("/mybucket?max-keys=256&prefix=p%2F",
                            "96931f2272deb546e1a23df135a50dd8eb5962db426e57c54a11b4c72dc71106");
    EXPECT_EQ(check(first.request), "");
    const ListRequest second("/mybucket?marker=p%2F000000ff&max-keys=256&prefix=p%2F",
                             "07e65e3bade6f23e01c9671962161b10495f8a2db8281d09c2649478a172498d");
    EXPECT_EQ(check(second.request), "");
    const ListRequest unsorted("/mybucket?max-keys=1000&marker=p%2f0000000/",
                               "991cf71197ceddd3c58de9f3e36d19dd6ca8ac85b9f0126efbf3dcc0710706b5");
    EXPECT_EQ(check(unsorted.request), "");
}

TEST(RequestAuth, AcceptsEncryptedBlockPut) {
    const SignedRequest put(
        "PUT", "/mybucket/p/00000001",
        {{"Host", "127.0.0.1:9000"},
         {"Content-Encoding", "deflate, encrypt-AES-128-CBC"},
         {"Content-Type", "application/x-s3backer-block"},
         {"Content-MD5", "7pte9GKfQTp0Kt8zh7qrRw=="},
         {"x-amz-acl", "private"},
         {"x-amz-meta-s3backer-hmac", "\"2224b1367cc97dc2b5de26487c0512e8830fdfc8\""},
         {"x-amz-content-sha256",
          "e915d1056dcbcd1ccec984dfd29997ffb734a3ced5cf3194117dcad708ce20b9"}},
        "content-encoding;content-md5;content-type;host;x-amz-acl;x-amz-content-sha256;x-amz-date;"
        "x-amz-meta-s3backer-hmac",
        "842de8503eb3c3db321f05a4a5a4886a6741e9b65b223c0edaa39bf88dece9f2");
    EXPECT_EQ(check(put.request), "");
}

TEST(RequestAuth, AcceptsBulkDelete) {
    SignedRequest post("POST", "/?delete",
                       {{"Host", "mybucket.localhost:9000"},
                        {"Content-MD5", "xayor9QH3rDKjk1CBxwE7g=="},
                        {"Content-Type", "application/xml"},
                        {"x-amz-content-sha256",
                         "9715131576338e9bfe5f3091237d73d49faf405213ab0c2831caafe3399ec047"}},
                       "content-md5;content-type;host;x-amz-content-sha256;x-amz-date",
                       "3acd8a970a17aa13abdb0dd2749b7060a681aa9f70d65f492bee9309f375191d");
    post.request.body =
        "<Delete><Object><Key>p/00000000</Key></Object><Object>"
        "<Key>p/00000001</Key></Object><Object><Key>p/00000002</Key></Object>"
        "</Delete>";
    EXPECT_EQ(check(post.request), "");
    EXPECT_EQ(refusal(check_body_digests(post.request)), "");
}

TEST(RequestAuth, ChecksEverySignedPart) {
    BlockPut method;
    method.request.method = "POST";
    EXPECT_EQ(check(method.request), "SignatureDoesNotMatch");
    BlockPut path;
    path.request.set_target("/mybucket/00000001");
    EXPECT_EQ(check(path.request), "SignatureDoesNotMatch");
    BlockPut query;
    query.request.set_target("/mybucket/00000000?acl");
    EXPECT_EQ(check(query.request), "SignatureDoesNotMatch");
    for (const char* name : {"Host", "Content-Type", "Content-MD5", "x-amz-acl",
                             "x-amz-meta-s3backer-filesize", "x-amz-content-sha256"}) {
        BlockPut put;
        put.set(name, "x");
        EXPECT_EQ(check(put.request), "SignatureDoesNotMatch") << name;
    }
    BlockPut time;
    time.set("x-amz-date", "20240102T030406Z");
    EXPECT_EQ(check(time.request), "SignatureDoesNotMatch");
    BlockPut day;
    day.set("x-amz-date", "20240103T030405Z");
    EXPECT_EQ(check(day.request, settings(), kNow + 86400), "SignatureDoesNotMatch");
    AuthSettings secret = settings();
    secret.secret = "OTHER";
    EXPECT_EQ(check(BlockPut().request, secret), "SignatureDoesNotMatch");
}

TEST(RequestAuth, UnsignedHeadersMayNotBeAmazons) {
    BlockPut amazon;
    amazon.set("X-Amz-Storage-Class", "GLACIER");
    EXPECT_EQ(check(amazon.request), "AccessDenied");
    BlockPut other;
    other.set("Expect", "100-continue");
    EXPECT_EQ(check(other.request), "");
}

TEST(RequestAuth, SignatureIsNeeded) {
    BlockPut put;
    put.drop("Authorization");
    EXPECT_EQ(check(put.request), "AccessDenied");
    AuthSettings off = settings();
    off.enabled = false;
    EXPECT_EQ(check(put.request, off), "");
    BlockPut garbled;
    garbled.set("Authorization", "AWS3 AKIDEXAMPLE:abcd");
    EXPECT_EQ(check(garbled.request), "AuthorizationHeaderMalformed");
}

TEST(RequestAuth, AccessIdAndRegion) {
    AuthSettings id = settings();
    id.access_id = "OTHER";
    EXPECT_EQ(check(BlockPut().request, id), "InvalidAccessKeyId");
    AuthSettings region = settings();
    region.region = "us-east-1";
    EXPECT_EQ(check(BlockPut().request, region), "");
    region.region = "eu-central-1";
    EXPECT_EQ(check(BlockPut().request, region), "SignatureDoesNotMatch");
}

TEST(RequestAuth, TimeWithinFifteenMinutes) {
    EXPECT_EQ(check(BlockPut().request, settings(), kNow + 900), "");
    EXPECT_EQ(check(BlockPut().request, settings(), kNow - 900), "");
    EXPECT_EQ(check(BlockPut().request, settings(), kNow + 901), "RequestTimeTooSkewed");
    EXPECT_EQ(check(BlockPut().request, settings(), kNow - 901), "RequestTimeTooSkewed");
    AuthSettings any_date = settings();
    any_date.any_date = true;
    EXPECT_EQ(check(BlockPut().request, any_date, kNow + 1000000), "");
}

TEST(BodyDigests, Sha256) {
    Request request;
    request.headers = {{"x-amz-content-sha256", kEmptyHash}};
    EXPECT_EQ(refusal(check_body_digests(request)), "");
    request.body = "x";
    EXPECT_EQ(refusal(check_body_digests(request)), "XAmzContentSHA256Mismatch");
    request.headers = {{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}};
    EXPECT_EQ(refusal(check_body_digests(request)), "");
    request.headers.clear();
    EXPECT_EQ(refusal(check_body_digests(request)), "");
}

TEST(BodyDigests, TrustedOnesAreNotCompared) {
    Request request;
    request.body = "something else";
    request.headers = {{"x-amz-content-sha256", kEmptyHash},
                       {"Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww=="}};
    EXPECT_EQ(refusal(check_body_digests(request, BodyDigests::kTrusted)), "");
    ASSERT_TRUE(request.body_md5.has_value());
    EXPECT_EQ(to_hex(*request.body_md5), "5eb63bbbe01eeed093cb22bb8f5acdc3");
}

TEST(BodyDigests, Md5) {
    Request request;
    request.body = "hello world";
    request.headers = {{"Content-MD5", "XrY7u+Ae7tCTyyK7j1rNww=="}};
    EXPECT_EQ(refusal(check_body_digests(request)), "");
    request.body = "hello World";
    EXPECT_EQ(refusal(check_body_digests(request)), "BadDigest");
    request.headers = {{"Content-MD5", "XrY7"}};
    EXPECT_EQ(refusal(check_body_digests(request)), "InvalidDigest");
}

}  // namespace
}  // namespace s3b::test
