// SPDX-License-Identifier: Apache-2.0
// Signatures against the known answers of wire-format.md 13.4.
#include "net/sigv4.h"

#include <gtest/gtest.h>

#include "codec/text.h"

namespace s3b::net {
namespace {

constexpr std::string_view kDate = "20240102T030405Z";
constexpr std::string_view kEmptyHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Request {
    std::vector<Header> headers;
    SignedParts parts;
};

Request put_of_block_0() {
    Request request;
    const std::string hash = "92cf7a5ebd0f5e14734a56ebefee8a6934d9c0563a081b8f9dbb5d5859440d83";
    request.headers.emplace_back("x-amz-meta-s3backer-filesize", "1048576");
    request.headers.emplace_back("Content-Type", "application/x-s3backer-block");
    request.headers.emplace_back("Content-MD5", "OXHOaT7jIhcllkBpI23NIA==");
    request.headers.emplace_back("x-amz-acl", "private");
    request.headers.emplace_back("x-amz-meta-s3backer-blocksize", "4096");
    request.headers.emplace_back("x-amz-date", std::string(kDate));
    request.headers.emplace_back("x-amz-content-sha256", hash);
    request.parts.method = Method::Put;
    request.parts.host = "127.0.0.1:9000";
    request.parts.path = "/mybucket/00000000";
    request.parts.body_hash = "92cf7a5ebd0f5e14734a56ebefee8a6934d9c0563a081b8f9dbb5d5859440d83";
    return request;
}

std::string signature_of(const std::string& authorization) {
    return authorization.substr(authorization.rfind('=') + 1);
}

TEST(Sigv4, DateIsUtc) { EXPECT_EQ(amz_date(WallTime(std::chrono::seconds(1704164645))), kDate); }

TEST(Sigv4, CanonicalRequestOfAPut) {
    Request request = put_of_block_0();
    request.parts.headers = request.headers;
    EXPECT_EQ(canonical_request(request.parts),
              "PUT\n/mybucket/00000000\n\n"
              "content-md5:OXHOaT7jIhcllkBpI23NIA==\n"
              "content-type:application/x-s3backer-block\n"
              "host:127.0.0.1:9000\n"
              "x-amz-acl:private\n"
              "x-amz-content-sha256:"
              "92cf7a5ebd0f5e14734a56ebefee8a6934d9c0563a081b8f9dbb5d5859440d83\n"
              "x-amz-date:20240102T030405Z\n"
              "x-amz-meta-s3backer-blocksize:4096\n"
              "x-amz-meta-s3backer-filesize:1048576\n\n"
              "content-md5;content-type;host;x-amz-acl;x-amz-content-sha256;x-amz-date;"
              "x-amz-meta-s3backer-blocksize;x-amz-meta-s3backer-filesize\n"
              "92cf7a5ebd0f5e14734a56ebefee8a6934d9c0563a081b8f9dbb5d5859440d83");
}

TEST(Sigv4, StringToSignOfAPut) {
    Request request = put_of_block_0();
    request.parts.headers = request.headers;
    EXPECT_EQ(string_to_sign(kDate, "us-east-1", canonical_request(request.parts)),
              "AWS4-HMAC-SHA256\n20240102T030405Z\n20240102/us-east-1/s3/aws4_request\n"
              "5553f0c47508e4e035af492d9fc9e7676cf4768ad42ca49da0cbea5b99be6062");
}

TEST(Sigv4, AuthorizationOfAPut) {
    Request request = put_of_block_0();
    request.parts.headers = request.headers;
    Signer signer("AKIDEXAMPLE", "SECRETKEYEXAMPLE", "us-east-1");
    EXPECT_EQ(signer.authorization(request.parts, kDate),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240102/us-east-1/s3/aws4_request, "
              "SignedHeaders=content-md5;content-type;host;x-amz-acl;x-amz-content-sha256;"
              "x-amz-date;x-amz-meta-s3backer-blocksize;x-amz-meta-s3backer-filesize, "
              "Signature=422cb06ef687353f6a63631605861346d7c097d5f60ba2ac0a875b3dd65977ff");
}

TEST(Sigv4, SignatureOfAGetAndOfLists) {
    Signer signer("AKIDEXAMPLE", "SECRETKEYEXAMPLE", "us-east-1");
    std::vector<Header> headers;
    headers.emplace_back("x-amz-date", std::string(kDate));
    headers.emplace_back("x-amz-content-sha256", std::string(kEmptyHash));
    SignedParts list;
    list.host = "127.0.0.1:9000";
    list.path = "/mybucket";
    list.query = "max-keys=256&prefix=p%2F";
    list.headers = headers;
    list.body_hash = kEmptyHash;
    EXPECT_EQ(signature_of(signer.authorization(list, kDate)),
              "96931f2272deb546e1a23df135a50dd8eb5962db426e57c54a11b4c72dc71106");
    std::vector<Header> get_headers = headers;
    get_headers.emplace_back("Accept-Encoding", "deflate");
    SignedParts get = list;
    get.path = "/mybucket/00000001";
    get.query = "";
    get.headers = get_headers;
    EXPECT_EQ(signature_of(signer.authorization(get, kDate)),
              "34dfe31f38cc61e86c8ff91761a0844f2febf7643d31bd7bf4d69ed4332a0fa4");
}

TEST(Sigv4, AParameterWithoutAValueIsSignedWithOne) {
    SignedParts parts;
    parts.host = "h";
    parts.path = "/";
    parts.query = "delete";
    EXPECT_EQ(canonical_request(parts), "GET\n/\ndelete=\nhost:h\n\nhost\n");
    parts.query = "a&b=1&c";
    EXPECT_EQ(canonical_request(parts), "GET\n/\na=&b=1&c=\nhost:h\n\nhost\n");
}

TEST(Sigv4, TheKeyOfTheDayIsRenewedAtMidnight) {
    Request request = put_of_block_0();
    request.parts.headers = request.headers;
    Signer used("ID", "KEY", "eu-west-1");
    used.authorization(request.parts, "20240102T235959Z");
    Signer fresh("ID", "KEY", "eu-west-1");
    EXPECT_EQ(used.authorization(request.parts, "20240103T000000Z"),
              fresh.authorization(request.parts, "20240103T000000Z"));
}

}  // namespace
}  // namespace s3b::net
