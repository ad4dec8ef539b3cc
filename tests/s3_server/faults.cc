// SPDX-License-Identifier: Apache-2.0
// Reading fault rules, choosing among them, and spoiling answers.
#include "tests/s3_server/faults.h"

#include <array>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

struct NamedAction {
    std::string_view name;
    FaultAction action;
};

constexpr std::array<NamedAction, 16> kActions{{
    {"status", FaultAction::kStatus},
    {"delay", FaultAction::kDelay},
    {"hold", FaultAction::kHold},
    {"cut-request", FaultAction::kCutRequest},
    {"cut-answer", FaultAction::kCutAnswer},
    {"cut-body", FaultAction::kCutBody},
    {"stale", FaultAction::kStale},
    {"wrong-body", FaultAction::kWrongBody},
    {"short-body", FaultAction::kShortBody},
    {"no-etag", FaultAction::kNoEtag},
    {"bad-etag", FaultAction::kBadEtag},
    {"extra-header", FaultAction::kExtraHeader},
    {"huge", FaultAction::kHuge},
    {"bulk-error", FaultAction::kBulkError},
    {"error-200", FaultAction::kError200},
    {"truncated-for-ever", FaultAction::kTruncatedForEver},
}};

constexpr std::string_view kEtag = "ETag";

std::optional<FaultAction> parse_action(std::string_view name) {
    for (const NamedAction& known : kActions) {
        if (known.name == name) {
            return known.action;
        }
    }
    return std::nullopt;
}

bool set_number(uint64_t& out, std::string_view text) {
    const auto number = parse_number(text);
    out = number.value_or(0);
    return number.has_value();
}

// The fields that say which requests are meant and what a status answer contains. False when the
// value is wrong; none when it is not such a field.
std::optional<bool> set_field(FaultRule& rule, const QueryItem& item) {
    if (item.name == "method") {
        rule.operation = parse_operation(item.value);
        return rule.operation || item.value == "*";
    }
    if (item.name == "key") {
        rule.key_prefix = item.value == "*" ? "" : item.value;
        return true;
    }
    if (item.name == "skip") {
        return set_number(rule.skip, item.value);
    }
    if (item.name == "count") {
        return set_number(rule.count, item.value);
    }
    if (item.name == "retry-after") {
        rule.headers.emplace_back("Retry-After", item.value);
        return true;
    }
    if (item.name == "location") {
        rule.headers.emplace_back("Location", item.value);
        return true;
    }
    if (item.name == "body") {
        rule.body = item.value;
        return true;
    }
    return std::nullopt;
}

bool set_action(FaultRule& rule, FaultAction action, const std::string& value) {
    rule.action = action;
    if (action == FaultAction::kStatus) {
        const uint64_t status = parse_number(value).value_or(0);
        rule.status = static_cast<unsigned>(status);
        return status >= 200 && status <= 599;
    }
    if (action == FaultAction::kDelay) {
        const auto delay = parse_number(value);
        rule.delay = std::chrono::milliseconds(delay.value_or(0));
        return delay.has_value();
    }
    if (action == FaultAction::kBulkError) {
        return set_number(rule.bulk_errors, value) && rule.bulk_errors > 0;
    }
    if (action == FaultAction::kExtraHeader) {
        const size_t colon = value.find(':');
        if (colon == std::string::npos || colon == 0) {
            return false;
        }
        rule.headers.emplace_back(value.substr(0, colon),
                                  trim(std::string_view(value).substr(colon + 1)));
        return true;
    }
    return value.empty();
}

void remove_header(HeaderList& headers, std::string_view name) {
    std::erase_if(headers, [&](const auto& item) { return equal_ignoring_case(item.first, name); });
}

}  // namespace

ParsedRule parse_fault_rule(const std::vector<QueryItem>& fields) {
    FaultRule rule;
    bool has_action = false;
    for (const QueryItem& item : fields) {
        if (const auto good = set_field(rule, item)) {
            if (!*good) {
                return {std::nullopt, "wrong value of " + item.name};
            }
            continue;
        }
        const auto action = parse_action(item.name);
        if (!action || has_action) {
            return {std::nullopt, (action ? "second action " : "unknown field ") + item.name};
        }
        if (!set_action(rule, *action, item.value)) {
            return {std::nullopt, "wrong value of " + item.name};
        }
        has_action = true;
    }
    if (!has_action) {
        return {std::nullopt, "no action in the rule"};
    }
    return {std::move(rule), {}};
}

FaultPlan FaultRules::plan(Operation operation, std::string_view key) {
    FaultPlan plan;
    for (Counted& counted : rules_) {
        const FaultRule& rule = counted.rule;
        if ((rule.operation && *rule.operation != operation) || !key.starts_with(rule.key_prefix)) {
            continue;
        }
        const uint64_t number = counted.matched++;
        if (number < rule.skip || (rule.count != 0 && number - rule.skip >= rule.count)) {
            continue;
        }
        if (rule.action != FaultAction::kDelay) {
            plan.rule = rule;
            return plan;
        }
        plan.delay += rule.delay;
    }
    return plan;
}

Answer make_status_answer(const FaultRule& rule) {
    if (rule.action == FaultAction::kError200) {
        return error_answer(200, "InternalError", "A fault rule wants this answer");
    }
    Answer answer = error_answer(rule.status, "InjectedFault", "A fault rule wants this answer");
    if (!rule.body.empty()) {
        answer.body = std::make_shared<const std::string>(rule.body);
    }
    answer.headers.insert(answer.headers.end(), rule.headers.begin(), rule.headers.end());
    return answer;
}

void spoil_answer(const FaultRule& rule, Operation operation, Answer& answer) {
    const bool has_body = operation == Operation::kGet && answer.body_size() > 0;
    switch (rule.action) {
        case FaultAction::kCutBody:
            answer.shape = has_body ? BodyShape::kFirstHalf : answer.shape;
            break;
        case FaultAction::kHuge:
            answer.shape = operation == Operation::kGet ? BodyShape::kHuge : answer.shape;
            break;
        case FaultAction::kWrongBody:
        case FaultAction::kShortBody:
            if (has_body) {
                std::string body = *answer.body;
                if (rule.action == FaultAction::kShortBody) {
                    body.pop_back();
                } else {
                    body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 1);
                }
                answer.body = std::make_shared<const std::string>(std::move(body));
            }
            break;
        case FaultAction::kNoEtag: remove_header(answer.headers, kEtag); break;
        case FaultAction::kBadEtag:
            remove_header(answer.headers, kEtag);
            answer.headers.emplace_back(kEtag, "not-an-md5");
            break;
        case FaultAction::kExtraHeader:
            answer.headers.insert(answer.headers.end(), rule.headers.begin(), rule.headers.end());
            break;
        default: break;
    }
}

}  // namespace s3b::test
