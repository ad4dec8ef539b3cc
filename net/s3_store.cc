// SPDX-License-Identifier: Apache-2.0
#include "net/s3_store.h"

#include "engine/base/log.h"

namespace s3b::net {

namespace {

RequestBuilder::Settings builder_settings(const S3Settings& settings, const Endpoint& endpoint) {
    RequestBuilder::Settings result;
    result.endpoint = endpoint;
    result.region = settings.region;
    result.keys.id = settings.access_id;
    result.keys.secret = settings.access_key;
    result.aws2 = settings.aws2;
    result.access_type = settings.access_type;
    result.storage_class = settings.storage_class;
    result.sse = settings.sse;
    result.sse_key_id = settings.sse_key_id;
    result.sse_customer_key = settings.sse_customer_key;
    result.accept_encoding = settings.accept_encoding;
    result.timeout = settings.timeout;
    return result;
}

/// The options that make requests which not every store takes.
std::string refusal_hint(const S3Settings& settings) {
    std::string hint;
    if (!settings.storage_class.empty()) hint += " storageClass";
    if (!settings.sse.empty()) hint += " sse";
    if (!settings.sse_customer_key.empty()) hint += " sseCustomerKeyFile";
    return hint.empty() ? "none" : "check" + hint;
}

TransferSettings transfer_settings(const S3Context& context, const S3Settings& settings,
                                   const Endpoint& endpoint) {
    TransferSettings transfer;
    transfer.lanes = context.scheduler.limits().total();
    transfer.tls = endpoint.tls;
    transfer.insecure = settings.insecure;
    transfer.user_agent = settings.user_agent;
    transfer.ip_tos = settings.ip_tos;
    transfer.fresh_connections = settings.fresh_connections;
    transfer.debug_http = settings.debug_http;
    transfer.upload_speed = settings.upload_speed;
    transfer.download_speed = settings.download_speed;
    return transfer;
}

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::create(const S3Context& context,
                                                 const S3Settings& settings) {
    initialise_curl();
    TRY(const Endpoint endpoint,
        parse_endpoint(settings.base_url, settings.bucket, settings.vhost));
    TrustStore trusted;
    if (endpoint.tls && !settings.insecure) {
        TRY(trusted, load_trust_store(settings.ca_file));
    }
    return std::make_unique<S3Store>(context, settings, endpoint, std::move(trusted));
}

S3Store::S3Store(const S3Context& context, const S3Settings& settings, const Endpoint& endpoint,
                 TrustStore trusted)
    : initial_pause_(settings.initial_retry_pause),
      max_pause_(settings.max_retry_pause),
      settle_time_(settings.settle_time),
      scheduler_(context.scheduler),
      executor_(context.executor),
      credentials_(context.credentials),
      default_encoding_(settings.default_content_encoding),
      refusal_hint_(refusal_hint(settings)),
      builder_(builder_settings(settings, endpoint)),
      check_bodies_(settings.check_bodies),
      digester_(context.executor, Digester::Kind::Md5),
      transfer_(context.ring, transfer_settings(context, settings, endpoint), std::move(trusted),
                counters_),
      hedging_(settings.hedge_percentile, counters_) {}

Task<Result<GetReply>> S3Store::get(std::string_view key, ReadTarget into,
                                    Precondition precondition, Ticket* ticket) {
    Operation operation(Method::Get, key);
    operation.into = into;
    operation.precondition = precondition;
    CO_TRY(HttpReply reply, co_await perform(operation, ticket));
    GetReply result;
    result.length = reply.received;
    result.encoded = reply.encoded;
    result.etag = reply.headers.etag;
    std::string encoding = encoding_of(reply);
    result.meta = std::move(reply.headers.meta);
    result.meta.content_encoding = std::move(encoding);
    co_return result;
}

Task<Result<ETag>> S3Store::put(const PutRequest& request, Ticket* ticket) {
    Operation operation(Method::Put, request.key);
    operation.put = &request;
    CO_TRY(const HttpReply reply, co_await perform(operation, ticket));
    co_return reply.headers.etag;
}

Task<Result<void>> S3Store::remove(std::string_view key, Ticket* ticket) {
    const Operation operation(Method::Delete, key);
    CO_TRY_VOID(co_await perform(operation, ticket));
    co_return ok();
}

Task<Result<std::vector<std::string>>> S3Store::remove_many(std::span<const std::string> keys,
                                                            Ticket* ticket) {
    if (keys.empty()) co_return std::vector<std::string>();
    if (keys.size() > kMaxBulkDelete) co_return Error(Errc::InvalidArgument, "too many keys");
    const auto make = [keys] { return make_bulk_delete(keys); };
    const BulkDelete bulk = co_await executor_.run(make);
    std::string answer;
    Operation operation(Method::Post, keys.front());
    operation.bulk = &bulk;
    operation.document = &answer;
    CO_TRY_VOID(co_await perform(operation, ticket));
    const auto parse = [&answer, keys] { return parse_bulk_answer(answer, keys); };
    CO_TRY(std::vector<UndeletedKey> undeleted, co_await executor_.run(parse));
    std::vector<std::string> remaining;
    remaining.reserve(undeleted.size());
    for (UndeletedKey& one : undeleted) remaining.push_back(std::move(one.key));
    if (!remaining.empty()) {
        log::warn("the store did not remove all of many objects", log::kv("left", remaining.size()),
                  log::kv("first", remaining.front()), log::kv("code", undeleted.front().code),
                  log::kv("message", undeleted.front().message));
    }
    co_return remaining;
}

Task<Result<ListPage>> S3Store::list(const ListRequest& request, Ticket* ticket) {
    std::string document;
    Operation operation(Method::Get, request.prefix);
    operation.list = &request;
    operation.document = &document;
    CO_TRY_VOID(co_await perform(operation, ticket));
    const auto parse = [&document, &request] { return parse_list_page(document, request); };
    if (document.size() < kHandOverDocument) co_return parse();
    co_return co_await executor_.run(parse);
}

Task<Result<ObjectMeta>> S3Store::head(std::string_view key) {
    const Operation operation(Method::Head, key);
    CO_TRY(const HttpReply reply, co_await perform(operation, nullptr));
    ObjectMeta meta = reply.headers.meta;
    meta.etag = reply.headers.etag;
    co_return meta;
}

Task<Result<void>> S3Store::flush() { co_return ok(); }

void S3Store::stop_lists() {
    lists_stopped_ = true;
    for (Exchange* const exchange : list_exchanges_) exchange->cancel();
    list_pauses_.wake_all();
}

void S3Store::cancel_all() {
    stop_lists();
    cancelled_ = true;
    transfer_.cancel_all();
    pauses_.wake_all();
}

}  // namespace s3b::net
