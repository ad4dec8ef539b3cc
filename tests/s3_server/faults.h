// SPDX-License-Identifier: Apache-2.0
// Rules that make the server misbehave on chosen requests. A rule is given in the form of a
// query string; help.cc describes it in full.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/s3_server/http_message.h"
#include "tests/s3_server/s3_operation.h"

namespace s3b::test {

enum class FaultAction {
    kStatus,
    kDelay,
    kHold,
    kCutRequest,
    kCutAnswer,
    kCutBody,
    kStale,
    kWrongBody,
    kShortBody,
    kNoEtag,
    kBadEtag,
    kExtraHeader,
    kHuge,
    kBulkError,
    kError200,
    kTruncatedForEver,
};

struct FaultRule {
    std::optional<Operation> operation;  // none: any
    std::string key_prefix;              // empty: any
    uint64_t skip = 0;                   // matches to let pass first
    uint64_t count = 1;                  // matches to apply to after those; 0 = for ever
    FaultAction action = FaultAction::kStatus;
    unsigned status = 0;
    HeaderList headers;  // of kStatus, kExtraHeader
    std::string body;    // of kStatus
    std::chrono::milliseconds delay{};
    uint64_t bulk_errors = 0;  // keys, of kBulkError
};

// The rule, or what is wrong with the line.
struct ParsedRule {
    std::optional<FaultRule> rule;
    std::string error;
};

ParsedRule parse_fault_rule(const std::vector<QueryItem>& fields);

// What is to happen to one request.
struct FaultPlan {
    std::chrono::milliseconds delay{};
    std::optional<FaultRule> rule;  // never of kDelay

    bool is(FaultAction action) const { return rule && rule->action == action; }
};

class FaultRules {
public:
    void add(FaultRule rule) { rules_.push_back({std::move(rule), 0}); }
    void clear() { rules_.clear(); }

    // Counts the request against the rules. Delays of all rules that apply add up; of the other
    // rules the first one that applies is taken, and those behind it do not see the request.
    FaultPlan plan(Operation operation, std::string_view key);

private:
    struct Counted {
        FaultRule rule;
        uint64_t matched;
    };

    std::vector<Counted> rules_;
};

// The answer of a kStatus or kError200 rule.
Answer make_status_answer(const FaultRule& rule);
// What the other rules do to the regular answer of a request.
void spoil_answer(const FaultRule& rule, Operation operation, Answer& answer);

}  // namespace s3b::test
