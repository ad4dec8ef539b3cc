// SPDX-License-Identifier: Apache-2.0
// The way of a request through the server. The library calls the request handler again for each
// piece of the body, for its end, and after each release from parking.
#include "tests/s3_server/server.h"

#include <algorithm>

#include "tests/s3_server/exchange.h"
#include "tests/s3_server/mhd_response.h"
#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

MHD_Result collect_header(void* context, MHD_ValueKind, const char* name, size_t name_size,
                          const char* value, size_t value_size) {
    auto* headers = static_cast<std::vector<HeaderView>*>(context);
    headers->push_back({{name, name_size}, {value ? value : "", value_size}});
    return MHD_YES;
}

Answer too_large_answer() {
    return error_answer(400, "EntityTooLarge", "The body is larger than 64 MiB");
}

}  // namespace

std::unique_ptr<Exchange> Server::begin(MHD_Connection* connection, const char* method) {
    auto exchange = std::make_unique<Exchange>();
    exchange->connection = connection;
    Request& request = exchange->request;
    request.method = method;
    const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    request.set_target(static_cast<ConnectionState*>(info->socket_context)->target);
    request.headers.reserve(16);
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, collect_header, &request.headers);
    exchange->body_size = parse_number(request.header("content-length").value_or("0")).value_or(0);
    exchange->too_large = exchange->body_size > kMaxBody;
    request.body.reserve(std::min<size_t>(exchange->body_size, kMaxBody));
    exchange->is_admin = request.path.starts_with(kAdminPath);
    if (!exchange->is_admin) {
        exchange->target = s3_target(request);
        if (credentials_.serves(request, exchange->target)) {
            exchange->target = {};
            exchange->target.operation = Operation::kCredentials;
            exchange->target.key = request.path.substr(1);
        }
        statistics_.received(exchange->target.operation, exchange->target.key);
        wake_waiters();
    }
    return exchange;
}

void Server::end(const Exchange& exchange, bool answered) {
    if (exchange.is_admin) {
        std::erase(waiters_, &exchange);
        return;
    }
    if (std::erase(held_, &exchange) > 0) {
        statistics_.released();
    }
    Statistics::Outcome outcome = exchange.outcome;
    outcome.answered = answered && exchange.answer_queued;
    statistics_.ended(exchange.target.operation, exchange.target.key, outcome);
    wake_waiters();
}

MHD_Result Server::proceed(Exchange& exchange) {
    if (exchange.phase != Exchange::Phase::kReceiving && parking_.stopped()) {
        return MHD_NO;
    }
    switch (exchange.phase) {
        case Exchange::Phase::kReady: return finish_s3(exchange);
        case Exchange::Phase::kWaiting: return finish_wait(exchange);
        case Exchange::Phase::kReceiving: break;
    }
    exchange.outcome.bytes_in = exchange.request.body.size();
    if (exchange.too_large) {
        return send(exchange, too_large_answer());
    }
    return exchange.is_admin ? receive_admin(exchange) : receive_s3(exchange);
}

MHD_Result Server::receive_admin(Exchange& exchange) {
    const Admin::Outcome outcome = admin_.handle(exchange.request);
    if (const auto* answer = std::get_if<Answer>(&outcome)) {
        return send(exchange, *answer);
    }
    const auto& wait = std::get<AdminWait>(outcome);
    exchange.phase = Exchange::Phase::kWaiting;
    exchange.condition = wait.condition;
    waiters_.push_back(&exchange);
    return park(exchange, wait.timeout);
}

MHD_Result Server::finish_wait(Exchange& exchange) {
    return send(exchange, admin_.wait_answer(exchange.condition_holds));
}

MHD_Result Server::receive_s3(Exchange& exchange) {
    if (exchange.target.operation != Operation::kCredentials) {
        exchange.refusal = auth_.check(exchange.request, clock_.now());
    }
    if (!exchange.refusal) {
        exchange.refusal = check_body_digests(exchange.request, body_digests_);
    }
    if (!exchange.refusal) {
        exchange.plan = faults_.plan(exchange.target.operation, exchange.target.key);
    }
    exchange.phase = Exchange::Phase::kReady;
    if (exchange.plan.is(FaultAction::kHold)) {
        return hold(exchange);
    }
    const auto delay = answer_delay(exchange);
    return delay.count() == 0 ? finish_s3(exchange) : park(exchange, delay);
}

MHD_Result Server::finish_s3(Exchange& exchange) {
    const FaultPlan& plan = exchange.plan;
    if (exchange.refusal) {
        return send(exchange, *exchange.refusal);
    }
    if (plan.is(FaultAction::kCutRequest)) {
        return MHD_NO;
    }
    if (plan.is(FaultAction::kStatus) || plan.is(FaultAction::kError200)) {
        return send(exchange, make_status_answer(*plan.rule));
    }
    Answer answer = carry_out(exchange);
    if (plan.is(FaultAction::kCutAnswer)) {
        return MHD_NO;
    }
    if (plan.rule) {
        spoil_answer(*plan.rule, exchange.target.operation, answer);
    }
    return send(exchange, answer);
}

Answer Server::carry_out(Exchange& exchange) {
    if (exchange.target.operation == Operation::kCredentials) {
        return credentials_.handle(exchange.request);
    }
    const FaultPlan& plan = exchange.plan;
    Handling handling;
    handling.stale = plan.is(FaultAction::kStale);
    handling.bulk_errors = plan.rule ? plan.rule->bulk_errors : 0;
    handling.list_for_ever = plan.is(FaultAction::kTruncatedForEver);
    Answer answer = handlers_.handle(exchange.request, exchange.target, handling);
    exchange.outcome.bulk_deleted = answer.bulk_deleted;
    return answer;
}

MHD_Result Server::send(Exchange& exchange, const Answer& answer) {
    const ResponsePtr response = make_response(answer);
    const std::string id = std::to_string(++last_request_id_);
    MHD_add_response_header(response.get(), "x-amz-request-id", id.c_str());
    MHD_add_response_header(response.get(), "Date", http_date(clock_.now()).c_str());
    exchange.answer_queued = true;
    exchange.outcome.status = answer.status;
    const bool has_body = exchange.request.method != "HEAD";
    exchange.outcome.bytes_out = !has_body                          ? 0
                                 : answer.shape == BodyShape::kHuge ? kHugeBodySize
                                                                    : answer.body_size();
    return MHD_queue_response(exchange.connection, answer.status, response.get());
}

Parking::Clock::duration Server::answer_delay(const Exchange& exchange) {
    const bool is_list = exchange.target.operation == Operation::kList;
    return latency_ + (is_list ? list_latency_ : std::chrono::milliseconds(0)) +
           exchange.plan.delay + transfer_delay(exchange);
}

// The simulated line carries one body after the other.
Parking::Clock::duration Server::transfer_delay(const Exchange& exchange) {
    if (bandwidth_ == 0) {
        return {};
    }
    uint64_t bytes = exchange.request.body.size();
    if (exchange.target.operation == Operation::kGet) {
        const ObjectPtr object = store_.objects().find(exchange.target.bucket, exchange.target.key);
        bytes += object ? object->body.size() : 0;
    }
    const std::chrono::duration<double> time(static_cast<double>(bytes) /
                                             static_cast<double>(bandwidth_));
    const Parking::Clock::time_point now = Parking::Clock::now();
    line_free_ =
        std::max(line_free_, now) + std::chrono::duration_cast<Parking::Clock::duration>(time);
    return line_free_ - now;
}

MHD_Result Server::park(Exchange& exchange, Parking::Clock::duration time) {
    const auto ticket = parking_.park(exchange.connection, Parking::Clock::now() + time);
    exchange.ticket = ticket.value_or(0);
    return ticket ? MHD_YES : MHD_NO;
}

MHD_Result Server::hold(Exchange& exchange) {
    const auto ticket = parking_.park(exchange.connection, std::nullopt);
    if (!ticket) {
        return MHD_NO;
    }
    exchange.ticket = *ticket;
    held_.push_back(&exchange);
    statistics_.held();
    wake_waiters();
    return MHD_YES;
}

uint64_t Server::release_held(uint64_t count) {
    uint64_t released = 0;
    while (released < count && !held_.empty()) {
        parking_.release(held_.front()->ticket);
        held_.pop_front();
        statistics_.released();
        ++released;
    }
    return released;
}

void Server::wake_waiters() {
    for (Exchange* waiter : waiters_) {
        if (!waiter->condition_holds && statistics_.holds(waiter->condition)) {
            waiter->condition_holds = true;
            parking_.release(waiter->ticket);
        }
    }
}

}  // namespace s3b::test
