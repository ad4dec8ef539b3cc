// SPDX-License-Identifier: Apache-2.0
// The requests of real s3backer 1.5.0, 1.5.4 and 2.1.6 (tests/golden): for the same options and
// time ours have equal method, target, own headers, signature and document. Every file of that
// folder is looked at; one that no rule covers fails.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "codec/hash.h"
#include "codec/object_name.h"
#include "codec/text.h"
#include "net/s3_request.h"

namespace s3b::net {
namespace {

using HeaderMap = std::map<std::string, std::string>;

const WallTime kThen{std::chrono::seconds(1704164645)};
constexpr uint32_t kBlockSize = 4096;

std::string read_file(const std::string& name) {
    std::ifstream file(std::string(S3B_GOLDEN) + '/' + name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string lower_case(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// A capture, without the headers that libcurl adds.
struct Capture {
    explicit Capture(const std::string& file) {
        const nlohmann::json json = nlohmann::json::parse(read_file(file));
        const std::string name = json.at("name");
        producer = name.substr(0, 3);
        kind = name.substr(4);
        method = json.at("method");
        target = json.at("target");
        note = json.at("note");
        for (const std::string option : json.at("options")) {
            const size_t equals = std::min(option.find('='), option.size());
            options[option.substr(0, equals)] =
                equals < option.size() ? option.substr(equals + 1) : "";
        }
        for (const auto& header : json.at("headers")) {
            headers[lower_case(header.at(0))] = header.at(1);
        }
        host = headers.at("host");
        for (const char* foreign : {"host", "user-agent", "accept", "content-length", "expect"}) {
            headers.erase(foreign);
        }
        // Of libcurl where the request is about no object.
        if (is("list") || is("bulk-delete")) headers.erase("accept-encoding");
        if (json.contains("body_file")) body = read_file(json.at("body_file"));
    }

    bool is(std::string_view beginning) const { return kind.starts_with(beginning); }
    bool has(const std::string& option) const { return options.contains(option); }
    std::string option(const std::string& name) const {
        const auto found = options.find(name);
        return found == options.end() ? "" : found->second;
    }
    /// The block that the name ends with.
    BlockNumber block() const {
        return BlockNumber(
            static_cast<uint32_t>(std::stoul(kind.substr(kind.size() - 8), nullptr, 16)));
    }

    std::string producer;  // 150, 154 or 216
    std::string kind;      // what the file is called after that
    std::string method;
    std::string target;
    std::string host;
    std::string note;
    HeaderMap options;
    HeaderMap headers;
    std::string body;
};

/// What the codecs will write; here only the request around it is looked at.
std::string content_encoding(const Capture& capture) {
    std::string encoding;
    if (capture.has("--encrypt") || capture.has("--compress")) encoding = "deflate";
    if (capture.option("--compress") == "zstd") encoding = "zstd";
    if (!capture.has("--encrypt")) return encoding;
    const std::string cipher = capture.option("--encrypt");
    return encoding + ", encrypt-" + (cipher.empty() ? "AES-128-CBC" : cipher);
}

std::string accept_encoding(const Capture& capture) {
    std::string accepted = capture.producer == "216" ? "deflate, zstd" : "deflate";
    if (capture.has("--encrypt")) accepted += ", encrypt-AES-128-CBC";
    return accepted;
}

RequestBuilder::Settings settings_of(const Capture& capture) {
    RequestBuilder::Settings settings;
    const bool vhost = capture.has("--vhost");
    const char* base = vhost ? "http://mybucket.localhost:9000/" : "http://127.0.0.1:9000/";
    settings.endpoint = parse_endpoint(base, "mybucket", vhost).value();
    settings.region = "us-east-1";
    settings.keys.id = "AKIDEXAMPLE";
    settings.keys.secret = "SECRETKEYEXAMPLE";
    settings.aws2 = capture.option("--authVersion") == "aws2";
    settings.access_type = capture.has("--accessType") ? capture.option("--accessType") : "private";
    settings.storage_class = capture.option("--storageClass");
    settings.sse = capture.option("--sse");
    settings.sse_key_id = capture.option("--sse-key-id");
    settings.accept_encoding = accept_encoding(capture);
    return settings;
}

codec::ObjectNames names_of(const Capture& capture) {
    const bool subdirectory = capture.note == "bucket argument given as mybucket/sub/dir";
    return codec::ObjectNames(subdirectory ? "sub/dir/" : capture.option("--prefix"),
                              capture.has("--blockHashPrefix"));
}

PutRequest put_of(const Capture& capture, std::string_view key) {
    PutRequest put;
    put.key = key;
    put.body = codec::bytes_of(capture.body);
    put.md5 = codec::md5(put.body);
    put.sha256 = codec::sha256(put.body);
    put.content_type = "application/x-s3backer-block";
    return put;
}

HttpRequest put_block(RequestBuilder& builder, const Capture& capture, const std::string& key) {
    PutRequest put = put_of(capture, key);
    put.meta.content_encoding = content_encoding(capture);
    const auto hmac = capture.headers.find("x-amz-meta-s3backer-hmac");
    if (hmac != capture.headers.end()) {
        put.meta.hmac.emplace();
        EXPECT_TRUE(codec::from_hex(hmac->second.substr(1, 40), put.meta.hmac->bytes));
    }
    if (capture.block() == BlockNumber(0)) {
        put.meta.block_size = ByteCount(kBlockSize);
        put.meta.file_size = ByteCount(1 << 20);
    }
    return builder.put(put, kThen);
}

HttpRequest get_block(RequestBuilder& builder, const Capture& capture, const std::string& key) {
    const Md5 known = codec::md5(codec::bytes_of(read_file("150-plain-00000001.body")));
    Precondition::Kind kind = Precondition::Kind::None;
    if (capture.is("get-ifmatch")) kind = Precondition::Kind::Match;
    if (capture.is("get-ifnonematch")) kind = Precondition::Kind::NoneMatch;
    return builder.get(key, {}, Precondition(kind, known), kThen);
}

HttpRequest put_flag(RequestBuilder& builder, const Capture& capture, const std::string& key) {
    PutRequest put = put_of(capture, key);
    put.content_type = "text/plain";
    const std::string token = capture.headers.at("x-amz-meta-s3backer-mount-token");
    put.meta.mount_token = static_cast<uint32_t>(std::stoul(token, nullptr, 16));
    return builder.put(put, kThen);
}

HttpRequest list(RequestBuilder& builder, const Capture& capture, const codec::ObjectNames& names) {
    const bool newer = capture.producer == "216";
    ListRequest request;
    request.prefix = names.prefix();
    request.max_keys = newer ? 1000 : 256;
    const std::string before_all = names.prefix() + "0000000/";
    const std::string first_page = names.of(BlockNumber(0xff));
    if (newer) request.after = before_all;
    if (capture.is("list-2")) request.after = first_page;
    return builder.list(request, newer ? ListPrefix::Omit : ListPrefix::Send, kThen);
}

/// Our request for what a capture is about; nullopt if no rule says how.
std::optional<HttpRequest> reproduce(RequestBuilder& builder, const Capture& capture,
                                     const BulkDelete& bulk) {
    static const std::set<std::string, std::less<>> kPuts{
        "plain",          "prefix",   "subdir", "vhost",           "hashprefix",
        "aws2",           "sse",      "kms",    "deflate",         "deflate0",
        "deflate1",       "deflate9", "zstd",   "zstd19",          "zstd-aes128",
        "aes128",         "aes256",   "3des",   "aes128-deadbeef", "aes256-deadbeef",
        "aes128-keylen48"};
    const codec::ObjectNames names = names_of(capture);
    if (capture.is("list-")) return list(builder, capture, names);
    if (capture.kind == "bulk-delete") return builder.remove_many(bulk, kThen);
    if (capture.kind == "head-meta") return builder.head(names.of(BlockNumber(0)), kThen);
    const std::string flag = names.mount_flag();
    if (capture.kind == "mounted-head") return builder.head(flag, kThen);
    if (capture.kind == "mounted-put") return put_flag(builder, capture, flag);
    if (capture.kind == "mounted-delete") return builder.remove(flag, kThen);
    if (capture.kind.size() < 10) return std::nullopt;
    const std::string key = names.of(capture.block());
    if (capture.is("zero-delete-")) return builder.remove(key, kThen);
    if (capture.is("get-")) return get_block(builder, capture, key);
    if (!kPuts.contains(capture.kind.substr(0, capture.kind.size() - 9))) return std::nullopt;
    return put_block(builder, capture, key);
}

void expect_equal(const HttpRequest& request, const Capture& capture) {
    EXPECT_EQ(to_string(request.method), capture.method);
    EXPECT_EQ(request.url, "http://" + capture.host + capture.target);
    HeaderMap headers;
    for (const Header& header : request.headers) headers[lower_case(header.name)] = header.value;
    EXPECT_EQ(headers.size(), request.headers.size()) << "a header was sent twice";
    EXPECT_EQ(headers, capture.headers);
    const std::string body(reinterpret_cast<const char*>(request.body.data()), request.body.size());
    EXPECT_TRUE(body == capture.body);
}

TEST(Golden, EveryCaptureIsReproduced) {
    size_t captures = 0;
    for (const auto& entry : std::filesystem::directory_iterator(S3B_GOLDEN)) {
        const std::string file = entry.path().filename().string();
        if (file.ends_with(".body")) continue;
        SCOPED_TRACE(file);
        const Capture capture(file);
        const codec::ObjectNames names = names_of(capture);
        const std::vector<std::string> keys{names.of(BlockNumber(0)), names.of(BlockNumber(1)),
                                            names.of(BlockNumber(2))};
        const BulkDelete bulk = make_bulk_delete(keys);
        RequestBuilder builder(settings_of(capture));
        const std::optional<HttpRequest> request = reproduce(builder, capture, bulk);
        ASSERT_TRUE(request.has_value()) << "no rule covers this capture";
        expect_equal(*request, capture);
        ++captures;
    }
    EXPECT_EQ(captures, 122U);
}

}  // namespace
}  // namespace s3b::net
