// SPDX-License-Identifier: Apache-2.0
// The admin requests. Those that change counters or rules take effect before they are answered.
#include "tests/s3_server/admin.h"

#include <limits>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr std::string_view kObjectsPath = "objects/";
constexpr std::string_view kObjectPath = "object/";
constexpr uint64_t kDefaultTimeoutMs = 30000;
constexpr uint64_t kNoNumber = std::numeric_limits<uint64_t>::max();

Answer json_answer(std::string json) {
    return text_answer(200, "application/json", std::move(json));
}

Answer wrong(std::string_view what) {
    return text_answer(400, "text/plain", std::string(what) + '\n');
}

// The number in the query, `absent` when there is none, kNoNumber when it is not a number.
uint64_t query_number(const Request& request, std::string_view name, uint64_t absent) {
    const auto text = request.query_value(name);
    return text ? parse_number(*text).value_or(kNoNumber) : absent;
}

std::optional<WaitCondition> parse_condition(const Request& request) {
    using Kind = WaitCondition::Kind;
    WaitCondition condition;
    if (request.query_value("idle")) {
        condition.kind = Kind::kIdle;
    } else if (request.query_value("held")) {
        condition.kind = Kind::kHeld;
        condition.count = query_number(request, "held", 0);
    } else if (request.query_value("in_flight")) {
        condition.kind = Kind::kInFlight;
        condition.count = query_number(request, "in_flight", 0);
    } else {
        const std::string_view method = request.query_value("method").value_or("");
        condition.kind = Kind::kAnswered;
        condition.count = query_number(request, "count", kNoNumber);
        condition.operation = parse_operation(method);
        if (const auto key = request.query_value("key")) {
            condition.key = std::string(*key);
        }
        if (!condition.operation && method != "*") {
            return std::nullopt;
        }
    }
    return condition.count == kNoNumber ? std::nullopt : std::optional(condition);
}

}  // namespace

Admin::Outcome Admin::handle(Request& request) {
    const std::string& method = request.method;
    const std::string path = request.path.substr(kAdminPath.size());
    if (path == "stats" && method == "GET") {
        return stats(request);
    }
    if (path == "reset" && method == "POST") {
        statistics_.reset();
        return json_answer("{}");
    }
    if (path == "faults" && method == "POST") {
        return add_faults(request);
    }
    if (path == "faults" && method == "DELETE") {
        faults_.clear();
        return json_answer("{}");
    }
    if (path == "release" && method == "POST") {
        return release(request);
    }
    if (path == "credentials" && method == "POST") {
        return rotate_credentials(request);
    }
    if (path == "wait" && method == "GET") {
        return wait(request);
    }
    if (path.starts_with(kObjectsPath) && method == "GET") {
        return list_objects(request, std::string_view(path).substr(kObjectsPath.size()));
    }
    if (path.starts_with(kObjectPath)) {
        return object(request, std::string_view(path).substr(kObjectPath.size()));
    }
    return text_answer(404, "text/plain", "no such admin request\n");
}

Answer Admin::stats(const Request& request) const {
    if (const auto key = request.query_value("key")) {
        return json_answer(statistics_.json_of_key(std::string(*key)));
    }
    return json_answer(statistics_.json());
}

Answer Admin::add_faults(const Request& request) {
    std::vector<ParsedRule> rules;
    if (!request.query.empty()) {
        rules.push_back(parse_fault_rule(request.query));
    }
    for (const std::string_view line : split(request.body, '\n')) {
        if (!trim(line).empty()) {
            rules.push_back(parse_fault_rule(parse_query(trim(line))));
        }
    }
    for (const ParsedRule& parsed : rules) {
        if (!parsed.rule) {
            return wrong(parsed.error);
        }
    }
    if (rules.empty()) {
        return wrong("no rule given");
    }
    for (ParsedRule& parsed : rules) {
        faults_.add(std::move(*parsed.rule));
    }
    return json_answer("{}");
}

Answer Admin::release(const Request& request) {
    const uint64_t count = query_number(request, "count", kNoNumber);
    return json_answer("{\"released\":" + std::to_string(release_held_(count)) + '}');
}

Answer Admin::rotate_credentials(const Request& request) {
    SessionCredentials fresh;
    fresh.access_id = request.query_value("id").value_or("");
    fresh.secret = request.query_value("secret").value_or("");
    fresh.session_token = request.query_value("token").value_or("");
    fresh.lifetime_seconds =
        query_number(request, "lifetime", credentials_.credentials().lifetime_seconds);
    if (fresh.access_id.empty() || fresh.secret.empty() || fresh.lifetime_seconds > kMaxLifetime) {
        return wrong("id, secret and a good lifetime are needed");
    }
    auth_.rotate(fresh.access_id, fresh.secret, fresh.session_token,
                 request.query_value("expired").has_value());
    credentials_.set_credentials(std::move(fresh));
    return json_answer("{}");
}

Admin::Outcome Admin::wait(const Request& request) const {
    const auto condition = parse_condition(request);
    const uint64_t timeout = query_number(request, "timeout", kDefaultTimeoutMs);
    if (!condition || timeout == kNoNumber) {
        return wrong("wrong condition or timeout");
    }
    if (statistics_.holds(*condition)) {
        return wait_answer(true);
    }
    return AdminWait{*condition, std::chrono::milliseconds(timeout)};
}

Answer Admin::wait_answer(bool holds) const {
    Answer answer = json_answer(statistics_.json());
    answer.status = holds ? 200 : 408;
    return answer;
}

Answer Admin::list_objects(const Request& request, std::string_view bucket) const {
    if (!store_.objects().has_bucket(bucket)) {
        return text_answer(404, "text/plain", "no such bucket\n");
    }
    ListQuery query;
    query.prefix = request.query_value("prefix").value_or("");
    query.max_keys = std::numeric_limits<size_t>::max();
    std::string json = "[";
    for (const ListPage::Item& item : store_.objects().list(bucket, query).items) {
        json += json.size() > 1 ? ",\n" : "";
        json += "{\"key\":" + json_string(item.key);
        json += ",\"size\":" + std::to_string(item.object->body.size());
        json += ",\"etag\":" + json_string(item.object->etag) + '}';
    }
    return json_answer(json + ']');
}

Answer Admin::object(Request& request, std::string_view path) {
    S3Target target = split_path(path);
    const auto operation = parse_operation(request.method);
    if (target.bucket.empty() || target.key.empty() || !operation) {
        return wrong("GET, HEAD, PUT or DELETE of BUCKET/KEY is needed");
    }
    target.operation = *operation;
    if (target.operation == Operation::kPut) {
        store_.create_bucket(target.bucket);
    }
    return handlers_.handle(request, target, {.is_admin = true});
}

}  // namespace s3b::test
