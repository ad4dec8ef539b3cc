// SPDX-License-Identifier: Apache-2.0
#include "perf/workloads.h"

#include <linux/fuse.h>

#include <array>
#include <cstring>
#include <memory>

#include "cache/block_cache.h"
#include "cache/block_table.h"
#include "codec/md5_lanes.h"
#include "codec/object_name.h"
#include "engine/base/check.h"
#include "fusell/request.h"
#include "net/reply_headers.h"
#include "net/s3_documents.h"
#include "net/sigv4.h"

namespace s3b::perf {

namespace {

using cache::BlockCache;

constexpr uint32_t kBlockSize = 65536;
constexpr uint32_t kCached = 1000;
constexpr uint32_t kListed = 50;

/// A block cache with `kCached` blocks, and a clock.
struct Cached {
    static cache::CacheSettings settings() {
        cache::CacheSettings settings;
        settings.geometry = Geometry{ByteCount(kBlockSize), BlockCount(1'000'000)};
        settings.size = kCached;
        settings.uploads = 20;
        settings.write_delay = std::chrono::milliseconds(250);
        return settings;
    }
    void fetch(BlockNumber block) {
        CHECK(blocks.begin_fetch(block, BlockCache::Need::Client, now));
        blocks.finish_fetch(block, now);
    }
    void fetch_all() {
        for (uint32_t n = 0; n < kCached; ++n) fetch(BlockNumber(n));
    }
    void write(BlockNumber block, cache::ByteRange range) {
        const cache::WritePlan plan = blocks.begin_write(block, range, false, now);
        CHECK(plan.kind == cache::WritePlan::Kind::Apply);
        blocks.end_write(block);
    }
    BlockNumber next() {
        at = (at + 7) % kCached;
        return BlockNumber(at);
    }

    BlockCache blocks{settings()};
    Instant now{};
    uint32_t at = 0;
};

std::function<void()> pin_and_unpin() {
    auto c = std::make_shared<Cached>();
    c->fetch_all();
    return [c] { CHECK(static_cast<bool>(c->blocks.table().try_pin(c->next()))); };
}

std::function<void()> read_hit() {
    auto c = std::make_shared<Cached>();
    c->fetch_all();
    return [c] { CHECK(c->blocks.hit(c->next(), c->now)); };
}

std::function<void()> write_of_a_dirty_block() {
    auto c = std::make_shared<Cached>();
    for (uint32_t n = 0; n < kCached; ++n) c->write(BlockNumber(n), {0, kBlockSize});
    return [c] { c->write(c->next(), {4096, 8192}); };
}

std::function<void()> write_and_upload() {
    auto c = std::make_shared<Cached>();
    c->fetch_all();
    return [c] {
        c->write(c->next(), {0, kBlockSize});
        c->now += std::chrono::seconds(1);
        const auto block = c->blocks.pop_due(c->now);
        c->blocks.begin_put(*block);
        c->blocks.finish_put(*block, c->now);
    };
}

std::function<void()> fetch_that_evicts() {
    auto c = std::make_shared<Cached>();
    c->fetch_all();
    return [c, n = kCached]() mutable { c->fetch(BlockNumber(n++ % 1'000'000)); };
}

std::function<void()> discard_of_a_range() {
    auto c = std::make_shared<Cached>();
    return [c] { c->blocks.discard({0, 10'000}, c->now); };
}

std::function<void()> object_name() {
    auto names = std::make_shared<codec::ObjectNames>("prefix/", true);
    return [names, n = 0U]() mutable { CHECK(names->parse(names->of(BlockNumber(++n)))); };
}

std::function<void()> md5_of_three() {
    const std::vector<std::byte> body(4096, std::byte{0x5a});
    return [body] {
        const std::array<std::span<const std::byte>, 3> bodies = {body, body, body};
        std::array<Md5, 3> digests;
        codec::md5_of_all(bodies, digests);
        CHECK(digests[0] == digests[2]);
    };
}

std::function<void()> signature() {
    auto signer = std::make_shared<net::Signer>("access id", "access key", "us-east-1");
    const std::string hash(64, 'a');
    auto headers = std::make_shared<std::vector<net::Header>>();
    headers->emplace_back("x-amz-content-sha256", hash);
    headers->emplace_back("x-amz-date", "20260101T000000Z");
    headers->emplace_back("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");
    return [signer, headers, hash] {
        net::SignedParts parts;
        parts.method = net::Method::Put;
        parts.host = "127.0.0.1:9000";
        parts.path = "/bucket/prefix/00000001";
        parts.headers = *headers;
        parts.body_hash = hash;
        CHECK(!signer->authorization(parts, "20260101T000000Z").empty());
    };
}

std::function<void()> page_of_a_list() {
    std::string page = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult>";
    for (uint32_t n = 0; n < kListed; ++n) {
        page += "<Contents><Key>" + codec::ObjectNames("p/").of(BlockNumber(n)) +
                "</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                "<ETag>&quot;3971ce693ee3221725964069236dcd20&quot;</ETag><Size>65536</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>";
    }
    page += "<IsTruncated>false</IsTruncated></ListBucketResult>";
    return [page] {
        net::ListRequest request;
        request.prefix = "p/";
        const auto parsed = net::parse_list_page(page, request);
        CHECK(parsed.has_value() && parsed->objects.size() == kListed);
    };
}

std::function<void()> headers_of_an_answer() {
    return [] {
        net::ReplyHeaders headers;
        for (const char* line :
             {"HTTP/1.1 200 OK\r\n", "x-amz-request-id: tx000000000000000000001\r\n",
              "ETag: \"3971ce693ee3221725964069236dcd20\"\r\n", "Content-Length: 65536\r\n",
              "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n", "Connection: Keep-Alive\r\n",
              "Accept-Ranges: bytes\r\n", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"}) {
            CHECK(headers.add_line(line));
        }
    };
}

std::function<void()> decoding_of_a_request() {
    fuse_in_header header{};
    fuse_read_in read{};
    auto message = std::make_shared<std::vector<std::byte>>(sizeof header + sizeof read);
    header.len = static_cast<uint32_t>(message->size());
    header.opcode = FUSE_READ;
    header.nodeid = 2;
    read.size = 4096;
    std::memcpy(message->data(), &header, sizeof header);
    std::memcpy(message->data() + sizeof header, &read, sizeof read);
    return [message] {
        CHECK(fusell::decode_header(*message));
        CHECK(fusell::decode_read(*message)->size == 4096);
    };
}

}  // namespace

std::vector<Workload> all_workloads() {
    return {{"table/pin", pin_and_unpin},
            {"cache/read_hit", read_hit},
            {"cache/write_dirty", write_of_a_dirty_block},
            {"cache/write_and_upload", write_and_upload},
            {"cache/fetch_and_evict", fetch_that_evicts},
            {"cache/discard_of_10000", discard_of_a_range},
            {"codec/object_name", object_name},
            {"codec/md5_of_three_4k", md5_of_three},
            {"net/signature", signature},
            {"net/list_page_of_50", page_of_a_list},
            {"net/reply_headers", headers_of_an_answer},
            {"fusell/decode_read", decoding_of_a_request}};
}

}  // namespace s3b::perf
