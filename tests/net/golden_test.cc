// SPDX-License-Identifier: Apache-2.0
// The requests of real s3backer 1.5.0 (tests/golden): for the same input and time ours have equal
// method, target, own headers and signature.
#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <iterator>
#include <map>

#include "codec/hash.h"
#include "net/s3_request.h"

namespace s3b::net {
namespace {

using HeaderMap = std::map<std::string, std::string>;

std::string read_file(const std::string& name) {
    std::ifstream file(std::string(S3B_GOLDEN) + '/' + name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The JSON strings of `text` in their order, from the end of `after` to `until`.
std::vector<std::string> strings_between(const std::string& text, const std::string& after,
                                         const std::string& until) {
    std::vector<std::string> strings;
    size_t at = text.find(after) + after.size();
    const size_t end = text.find(until, at);
    while ((at = text.find('"', at)) < end) {
        std::string value;
        for (++at; text[at] != '"'; ++at) {
            if (text[at] == '\\') ++at;
            value += text[at];
        }
        ++at;
        strings.push_back(value);
    }
    return strings;
}

std::string lower_case(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// What a capture holds, without the headers that libcurl adds.
struct Golden {
    explicit Golden(const std::string& name) {
        const std::string json = read_file(name + ".json");
        method = strings_between(json, "\"method\":", "\n").at(0);
        target = strings_between(json, "\"target\":", "\n").at(0);
        const auto strings = strings_between(json, "\"headers\": [", "\n ],");
        for (size_t i = 0; i + 1 < strings.size(); i += 2) {
            headers[lower_case(strings[i])] = strings[i + 1];
        }
        for (const char* foreign : {"host", "user-agent", "accept", "content-length", "expect"}) {
            headers.erase(foreign);
        }
        if (method == "PUT") body = read_file(name + ".body");
    }

    std::string method;
    std::string target;
    HeaderMap headers;
    std::string body;
};

RequestBuilder builder(const char* base_url, bool vhost) {
    return RequestBuilder({parse_endpoint(base_url, "mybucket", vhost).value(), "us-east-1",
                           "AKIDEXAMPLE", "SECRETKEYEXAMPLE", "private", Duration{}});
}

const WallTime kThen{std::chrono::seconds(1704164645)};

PutRequest put_of(const Golden& golden, std::string_view key) {
    PutRequest put;
    put.key = key;
    put.body = codec::bytes_of(golden.body);
    put.md5 = codec::md5(put.body);
    put.sha256 = codec::sha256(put.body);
    put.content_type = "application/x-s3backer-block";
    return put;
}

void expect_equal(const HttpRequest& request, const Golden& golden, const std::string& origin) {
    EXPECT_EQ(to_string(request.method), golden.method);
    EXPECT_EQ(request.url, origin + golden.target);
    HeaderMap headers;
    for (const Header& header : request.headers) headers[lower_case(header.name)] = header.value;
    EXPECT_EQ(headers, golden.headers);
}

constexpr std::string_view kBucketPath = "/mybucket/";
constexpr const char* kBase = "http://127.0.0.1:9000/";
constexpr const char* kOrigin = "http://127.0.0.1:9000";

TEST(Golden, PutOfBlock0CarriesTheGeometry) {
    const Golden golden("150-plain-00000000");
    PutRequest put = put_of(golden, "00000000");
    put.meta.block_size = ByteCount(4096);
    put.meta.file_size = ByteCount(1 << 20);
    expect_equal(builder(kBase, false).put(put, kThen), golden, kOrigin);
}

TEST(Golden, PutOfAnotherBlock) {
    const Golden golden("150-plain-00000001");
    expect_equal(builder(kBase, false).put(put_of(golden, "00000001"), kThen), golden, kOrigin);
}

TEST(Golden, PutWithPrefix) {
    const Golden golden("150-prefix-00000000");
    PutRequest put = put_of(golden, "p/00000000");
    put.meta.block_size = ByteCount(4096);
    put.meta.file_size = ByteCount(1 << 20);
    expect_equal(builder(kBase, false).put(put, kThen), golden, kOrigin);
}

TEST(Golden, PutOfACompressedBlock) {
    const Golden golden("150-deflate-00000000");
    const std::string key = golden.target.substr(kBucketPath.size());
    PutRequest put = put_of(golden, key);
    put.meta.content_encoding = "deflate";
    put.meta.block_size = ByteCount(4096);
    put.meta.file_size = ByteCount(1 << 20);
    expect_equal(builder(kBase, false).put(put, kThen), golden, kOrigin);
}

TEST(Golden, PutInVirtualHostStyle) {
    const Golden golden("150-vhost-00000001");
    RequestBuilder requests = builder("http://mybucket.localhost:9000/", true);
    expect_equal(requests.put(put_of(golden, "p/00000001"), kThen), golden,
                 "http://mybucket.localhost:9000");
}

TEST(Golden, Gets) {
    const std::string block = read_file("150-plain-00000001.body");
    const Md5 md5 = codec::md5(codec::bytes_of(block));
    RequestBuilder requests = builder(kBase, false);
    const Precondition none;
    const Precondition match(Precondition::Kind::Match, md5);
    const Precondition none_match(Precondition::Kind::NoneMatch, md5);
    expect_equal(requests.get("00000001", {}, none, kThen), Golden("150-get-00000001"), kOrigin);
    expect_equal(requests.get("00000001", {}, match, kThen), Golden("150-get-ifmatch-00000001"),
                 kOrigin);
    expect_equal(requests.get("00000001", {}, none_match, kThen),
                 Golden("150-get-ifnonematch-00000001"), kOrigin);
}

TEST(Golden, HeadOfBlock0) {
    const Golden golden("150-head-meta");
    const std::string key = golden.target.substr(kBucketPath.size());
    expect_equal(builder(kBase, false).head(key, kThen), golden, kOrigin);
}

TEST(Golden, DeleteOfAZeroBlock) {
    const Golden golden("150-zero-delete-00000007");
    const std::string key = golden.target.substr(kBucketPath.size());
    expect_equal(builder(kBase, false).remove(key, kThen), golden, kOrigin);
}

TEST(Golden, MountFlag) {
    RequestBuilder requests = builder(kBase, false);
    const Golden put_golden("150-mounted-put");
    const std::string key = put_golden.target.substr(kBucketPath.size());
    PutRequest put = put_of(put_golden, key);
    put.content_type = "text/plain";
    const std::string token = put_golden.headers.at("x-amz-meta-s3backer-mount-token");
    put.meta.mount_token = static_cast<uint32_t>(std::stoul(token, nullptr, 16));
    expect_equal(requests.put(put, kThen), put_golden, kOrigin);
    expect_equal(requests.head(key, kThen), Golden("150-mounted-head"), kOrigin);
    expect_equal(requests.remove(key, kThen), Golden("150-mounted-delete"), kOrigin);
}

}  // namespace
}  // namespace s3b::net
