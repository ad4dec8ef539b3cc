// SPDX-License-Identifier: Apache-2.0
#include "net/s3_store.h"

namespace s3b::net {

namespace {

RequestBuilder::Settings builder_settings(const S3Settings& settings, const Endpoint& endpoint) {
    return {endpoint,
            settings.region,
            settings.access_id,
            settings.access_key,
            settings.access_type,
            settings.timeout};
}

TransferSettings transfer_settings(const S3Context& context, const S3Settings& settings,
                                   const Endpoint& endpoint) {
    return {context.scheduler.limits().total(), endpoint.tls, settings.insecure,
            settings.user_agent};
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
      builder_(builder_settings(settings, endpoint)),
      transfer_(context.ring, transfer_settings(context, settings, endpoint), std::move(trusted),
                counters_) {}

Task<Result<GetReply>> S3Store::get(std::string_view key, std::span<std::byte> into,
                                    Precondition precondition, Ticket* ticket) {
    Operation operation(Method::Get, key);
    operation.into = into;
    operation.precondition = precondition;
    CO_TRY(HttpReply reply, co_await perform(operation, ticket));
    GetReply result;
    result.length = reply.received;
    result.etag = reply.headers.etag;
    result.meta = std::move(reply.headers.meta);
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

Task<Result<std::vector<std::string>>> S3Store::remove_many(std::span<const std::string>, Ticket*) {
    co_return Error(Errc::Unsupported, "not yet");
}

Task<Result<ListPage>> S3Store::list(const ListRequest&, Ticket*) {
    co_return Error(Errc::Unsupported, "not yet");
}

Task<Result<ObjectMeta>> S3Store::head(std::string_view key) {
    const Operation operation(Method::Head, key);
    CO_TRY(const HttpReply reply, co_await perform(operation, nullptr));
    co_return reply.headers.meta;
}

Task<Result<void>> S3Store::flush() { co_return ok(); }

void S3Store::cancel_all() {
    cancelled_ = true;
    transfer_.cancel_all();
    pauses_.wake_all();
}

}  // namespace s3b::net
