// SPDX-License-Identifier: Apache-2.0
// Objects in an S3 bucket: build, sign, send, classify, retry. One coroutine does all verbs.
// Source: wire-format.md 2 and 3.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/reactor/cpu_pool.h"
#include "engine/reactor/ring.h"
#include "engine/reactor/sync.h"
#include "net/body_check.h"
#include "net/credentials.h"
#include "net/digester.h"
#include "net/hedged_read.h"
#include "net/object_store.h"
#include "net/s3_request.h"
#include "net/server_clock.h"
#include "net/transfer.h"

namespace s3b::net {

struct S3Settings {
    std::string base_url;  // ends in '/'; with `vhost` its host names the bucket
    std::string bucket;
    bool vhost = false;
    std::string region = "us-east-1";
    std::string access_id;  // empty: requests are not signed
    std::string access_key;
    bool aws2 = false;                    // signature version 2 instead of 4
    std::string access_type = "private";  // the value of x-amz-acl
    std::string storage_class;            // empty: the bucket's default
    std::string sse;               // x-amz-server-side-encryption: AES256, aws:kms; empty: none
    std::string sse_key_id;        // with aws:kms
    std::string sse_customer_key;  // 32 bytes; empty: no encryption with a customer's key
    std::string default_content_encoding;         // of blocks that come without one
    std::string accept_encoding = "deflate";      // what the reader of blocks can decode
    Duration timeout = std::chrono::seconds(30);  // one attempt; 0 = no limit
    Duration initial_retry_pause = std::chrono::milliseconds(200);
    Duration max_retry_pause = std::chrono::seconds(30);  // sum of the pauses of an operation
    /// A put or remove that succeeds after an attempt without an answer ends so much later: the
    /// store may still carry out that attempt, and nothing may come between.
    Duration settle_time = std::chrono::seconds(2);
    std::string user_agent = "s3backer";
    std::string ca_file;             // PEM; empty = the system's
    bool insecure = false;           // do not verify certificates
    std::optional<uint8_t> ip_tos;   // type-of-service byte of our packets
    bool fresh_connections = false;  // a new connection for each request
    bool check_bodies = true;        // compare what is read with the checksum that it should have
    bool debug_http = false;         // log requests and answers, without what is secret
    ByteCount upload_speed;          // bytes a second of each transfer; 0 = no limit
    ByteCount download_speed;        // likewise
    /// Demand reads slower than this percentile of the last ones are sent once more, and the first
    /// answer counts; 0 = never.
    double hedge_percentile = 0;

    S3Settings() = default;
};

/// What a store works with; all of it outlives the store.
struct S3Context {
    Ring& ring;
    Executor& executor;  // for what would hold the reactor: digests, large documents
    TransferScheduler& scheduler;
    Credentials* credentials = nullptr;  // nullptr: the keys of the settings
};

/// Belongs to the reactor's thread. All calls must have ended before it is destroyed.
class S3Store final : public ObjectStore {
public:
    /// Reads the CA certificates (blocking, some 20 ms) if the URL is https. Errors:
    /// InvalidArgument (base URL), Io (CA certificates).
    static Result<std::unique_ptr<S3Store>> create(const S3Context& context,
                                                   const S3Settings& settings);
    /// For create(): what it has found out.
    S3Store(const S3Context& context, const S3Settings& settings, const Endpoint& endpoint,
            TrustStore trusted);

    Task<Result<GetReply>> get(std::string_view key, ReadTarget into, Precondition precondition,
                               Ticket* ticket = nullptr) override;
    Task<Result<ETag>> put(const PutRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<void>> remove(std::string_view key, Ticket* ticket = nullptr) override;
    Task<Result<std::vector<std::string>>> remove_many(std::span<const std::string> keys,
                                                       Ticket* ticket = nullptr) override;
    Task<Result<ListPage>> list(const ListRequest& request, Ticket* ticket = nullptr) override;
    void stop_lists() override;
    Task<Result<ObjectMeta>> head(std::string_view key) override;
    Task<Result<void>> flush() override;
    void cancel_all() override;

private:
    /// One call of ours, as all its attempts need it.
    struct Operation {
        Method method;
        std::string_view key;
        ReadTarget into;
        Precondition precondition;
        const PutRequest* put = nullptr;
        const ListRequest* list = nullptr;
        const BulkDelete* bulk = nullptr;
        std::string* document = nullptr;  // the answer to these two

        Operation(Method m, std::string_view k) : method(m), key(k) {}
        bool reads_object() const { return method == Method::Get && list == nullptr; }
        /// A put for an object that must not exist yet: to find one is the answer.
        bool exclusive() const { return put != nullptr && put->only_if_absent; }
    };
    /// What a request was signed with.
    struct Signed {
        WallTime::duration clock_correction{};
        uint64_t key_generation = 0;
    };
    /// What came of one attempt.
    struct Attempt {
        Result<HttpReply> outcome = Error(Errc::Cancelled, "not begun");
        Signed with;
        Duration pause_wanted{};  // by the server, before the next one
        bool corrected = false;   // what made it fail was put right: try again at once

        Attempt() = default;
    };

    Task<Result<HttpReply>> perform(const Operation& operation, Ticket* given);
    Task<Result<HttpReply>> repeat(const Operation& operation, Ticket& ticket);
    bool worth_retrying(const Operation& operation, Errc code) const;
    Task<Attempt> try_once(const Operation& operation, Ticket& ticket);
    Task<Result<HttpReply>> exchange(const Operation& operation, const Ticket& ticket,
                                     Signed& with);
    Task<Result<HttpReply>> read_hedged(const Operation& operation, const Transfer::Place& place,
                                        const HttpRequest& request);
    Task<Result<HttpReply>> read_list(const Transfer::Place& place, const HttpRequest& request);
    Task<void> pause(const Operation& operation, Duration duration);
    bool stopped(const Operation& operation) const;
    Task<Result<void>> get_keys();
    Task<bool> keys_were_old(const Error& error, const HttpReply& reply, const Signed& with);
    const std::string& encoding_of(const HttpReply& reply) const;
    bool needs_check(const Operation& operation, const HttpReply& reply) const;
    Task<Result<void>> check(const Operation& operation, const HttpReply& reply,
                             const Ticket& ticket);
    HttpRequest build(const Operation& operation);
    HttpRequest build_for_document(const Operation& operation, WallTime now);
    Result<void> judge(const Operation& operation, const HttpReply& reply);
    bool clock_was_wrong(const Error& error, const HttpReply& reply, const Signed& with);
    void log_redirect(const Operation& operation, const HttpReply& reply);
    void count_success(Method method, Duration time);

    Duration initial_pause_;
    Duration max_pause_;
    Duration settle_time_;
    TransferScheduler& scheduler_;
    Executor& executor_;
    Credentials* credentials_;
    uint64_t key_generation_ = 0;  // of the keys that builder_ has, if they come from credentials_
    std::string default_encoding_;
    std::string refusal_hint_;  // which options a store may not like
    RequestBuilder builder_;
    bool check_bodies_;
    BodyCheck body_check_;
    Digester digester_;  // of bodies that are checked
    ServerClock clock_;
    Transfer transfer_;
    HedgedReads hedging_;
    WaitQueue pauses_;  // of operations between two attempts
    WaitQueue list_pauses_;
    std::vector<Exchange*> list_exchanges_;  // under way
    bool lists_stopped_ = false;
    bool cancelled_ = false;
};

}  // namespace s3b::net
