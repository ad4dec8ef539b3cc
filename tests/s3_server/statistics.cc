// SPDX-License-Identifier: Apache-2.0
// Counting and the JSON form of the counts.
#include "tests/s3_server/statistics.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

bool is_write(Operation operation) {
    return operation == Operation::kPut || operation == Operation::kDelete;
}

uint64_t sum(std::span<const uint64_t> counts) {
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

// ,"NAME":NUMBER
void append_number(std::string& out, std::string_view name, uint64_t number) {
    if (!out.ends_with('{')) {
        out += ',';
    }
    out += json_string(name) + ':' + std::to_string(number);
}

// ,"NAME":{"GET":1,...} with every operation.
void append_operations(std::string& out, std::string_view name, std::span<const uint64_t> counts) {
    out += ',' + json_string(name) + ":{";
    for (size_t i = 0; i < counts.size(); ++i) {
        append_number(out, operation_name(static_cast<Operation>(i)), counts[i]);
    }
    out += '}';
}

}  // namespace

void Statistics::received(Operation operation, const std::string& key) {
    const auto index = static_cast<size_t>(operation);
    ++received_[index];
    if (!key.empty()) {
        ++keys_[key].received[index];
    }
    max_in_flight_ = std::max(max_in_flight_, ++in_flight_);
    if (is_write(operation)) {
        max_writes_in_flight_ = std::max(max_writes_in_flight_, ++writes_in_flight_);
    }
}

void Statistics::ended(Operation operation, const std::string& key, const Outcome& outcome) {
    const auto index = static_cast<size_t>(operation);
    --in_flight_;
    writes_in_flight_ -= is_write(operation) ? 1U : 0U;
    bytes_in_ += outcome.bytes_in;
    bulk_deleted_ += outcome.bulk_deleted;
    if (!outcome.answered) {
        ++cut_;
        return;
    }
    bytes_out_ += outcome.bytes_out;
    ++answered_[index];
    ++statuses_[outcome.status];
    if (!key.empty()) {
        ++keys_[key].answered[index];
    }
}

void Statistics::reset() {
    Statistics fresh;
    fresh.held_ = held_;
    fresh.in_flight_ = fresh.max_in_flight_ = in_flight_;
    fresh.writes_in_flight_ = fresh.max_writes_in_flight_ = writes_in_flight_;
    *this = std::move(fresh);
}

bool Statistics::holds(const WaitCondition& condition) const {
    switch (condition.kind) {
        case WaitCondition::Kind::kHeld: return held_ >= condition.count;
        case WaitCondition::Kind::kInFlight: return in_flight_ >= condition.count;
        case WaitCondition::Kind::kIdle: return in_flight_ == 0;
        case WaitCondition::Kind::kAnswered: break;
    }
    Counts counts = answered_;
    if (condition.key) {
        const auto found = keys_.find(*condition.key);
        counts = found == keys_.end() ? Counts{} : found->second.answered;
    }
    const uint64_t number =
        condition.operation ? counts[static_cast<size_t>(*condition.operation)] : sum(counts);
    return number >= condition.count;
}

std::string Statistics::json() const {
    std::string out = "{";
    append_number(out, "requests", sum(received_));
    append_number(out, "in_flight", in_flight_);
    append_number(out, "max_in_flight", max_in_flight_);
    append_number(out, "writes_in_flight", writes_in_flight_);
    append_number(out, "max_writes_in_flight", max_writes_in_flight_);
    append_number(out, "held", held_);
    append_number(out, "cut", cut_);
    append_number(out, "connections", connections_);
    append_number(out, "bytes_in", bytes_in_);
    append_number(out, "bytes_out", bytes_out_);
    append_number(out, "bulk_deleted", bulk_deleted_);
    append_number(out, "credentials", received_[static_cast<size_t>(Operation::kCredentials)]);
    append_operations(out, "received", received_);
    append_operations(out, "answered", answered_);
    out += ",\"status\":{";
    for (const auto& [status, count] : statuses_) {
        append_number(out, std::to_string(status), count);
    }
    return out + "}}";
}

std::string Statistics::json_of_key(const std::string& key) const {
    const auto found = keys_.find(key);
    const KeyCounts counts = found == keys_.end() ? KeyCounts{} : found->second;
    std::string out = "{\"key\":" + json_string(key);
    append_operations(out, "received", counts.received);
    append_operations(out, "answered", counts.answered);
    return out + '}';
}

}  // namespace s3b::test
