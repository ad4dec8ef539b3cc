// SPDX-License-Identifier: Apache-2.0
// Fault rules: how they are read, which requests they meet, and how they spoil answers.
#include "tests/s3_server/faults.h"

#include <gtest/gtest.h>

#include "tests/s3_server/text.h"

namespace s3b::test {
namespace {

ParsedRule parse(std::string_view line) { return parse_fault_rule(parse_query(line)); }

FaultRules rules_of(const std::vector<std::string_view>& lines) {
    FaultRules rules;
    for (const std::string_view line : lines) {
        ParsedRule parsed = parse(line);
        EXPECT_TRUE(parsed.rule) << line << ": " << parsed.error;
        rules.add(std::move(*parsed.rule));
    }
    return rules;
}

bool applies(FaultRules& rules, Operation operation, std::string_view key) {
    return rules.plan(operation, key).rule.has_value();
}

Answer block_answer() {
    Answer answer;
    answer.headers = {{"ETag", "\"x\""}, {"Last-Modified", "y"}};
    answer.body = std::make_shared<const std::string>("abcd");
    return answer;
}

Answer spoiled(std::string_view line, Operation operation = Operation::kGet) {
    Answer answer = block_answer();
    spoil_answer(*parse(line).rule, operation, answer);
    return answer;
}

TEST(FaultRules, ReadsAllFields) {
    const auto rule = parse(
                          "method=PUT&key=p%2F&skip=3&count=0&status=503&retry-after=1"
                          "&location=http%3A%2F%2Fh%2F&body=a%20b")
                          .rule;
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->operation, Operation::kPut);
    EXPECT_EQ(rule->key_prefix, "p/");
    EXPECT_EQ(rule->skip, 3U);
    EXPECT_EQ(rule->count, 0U);
    EXPECT_EQ(rule->status, 503U);
    const Answer answer = make_status_answer(*rule);
    EXPECT_EQ(answer.status, 503U);
    EXPECT_EQ(*answer.body, "a b");
    EXPECT_EQ(answer.headers, (HeaderList{{"Content-Type", "application/xml"},
                                          {"Retry-After", "1"},
                                          {"Location", "http://h/"}}));
}

TEST(FaultRules, RefusesWrongLines) {
    EXPECT_EQ(parse("method=PUT").error, "no action in the rule");
    EXPECT_EQ(parse("method=GOT&hold").error, "wrong value of method");
    EXPECT_EQ(parse("hold&stale").error, "second action stale");
    EXPECT_EQ(parse("hold&colour=red").error, "unknown field colour");
    EXPECT_EQ(parse("status=99").error, "wrong value of status");
    EXPECT_EQ(parse("delay=soon").error, "wrong value of delay");
    EXPECT_EQ(parse("skip=-1&hold").error, "wrong value of skip");
    EXPECT_EQ(parse("extra-header=x").error, "wrong value of extra-header");
    EXPECT_EQ(parse("hold=1").error, "wrong value of hold");
    EXPECT_EQ(parse("bulk-error").error, "wrong value of bulk-error");
    EXPECT_EQ(parse("bulk-error=0").error, "wrong value of bulk-error");
}

TEST(FaultRules, MatchesMethodAndKey) {
    FaultRules rules = rules_of({"method=PUT&key=p/&count=0&cut-request"});
    EXPECT_TRUE(applies(rules, Operation::kPut, "p/1"));
    EXPECT_FALSE(applies(rules, Operation::kGet, "p/1"));
    EXPECT_FALSE(applies(rules, Operation::kPut, "q/1"));
    FaultRules any = rules_of({"method=*&key=*&count=0&cut-request"});
    EXPECT_TRUE(applies(any, Operation::kList, ""));
}

TEST(FaultRules, SkipsThenCounts) {
    FaultRules rules = rules_of({"method=GET&skip=1&count=2&stale"});
    std::vector<bool> seen;
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(applies(rules, Operation::kPut, "k"));
        seen.push_back(applies(rules, Operation::kGet, "k"));
    }
    EXPECT_EQ(seen, (std::vector<bool>{false, true, true, false, false}));
    rules = rules_of({"stale"});
    EXPECT_TRUE(applies(rules, Operation::kGet, "k"));
    EXPECT_FALSE(applies(rules, Operation::kGet, "k"));
}

TEST(FaultRules, FirstRuleThatAppliesActs) {
    FaultRules rules = rules_of({"status=500", "status=503"});
    EXPECT_EQ(rules.plan(Operation::kGet, "k").rule->status, 500U);
    EXPECT_EQ(rules.plan(Operation::kGet, "k").rule->status, 503U);
    EXPECT_FALSE(rules.plan(Operation::kGet, "k").rule);
    rules.add(*parse("stale").rule);
    rules.clear();
    EXPECT_FALSE(applies(rules, Operation::kGet, "k"));
}

TEST(FaultRules, DelaysAddUp) {
    FaultRules rules = rules_of({"delay=10", "delay=5&count=0", "stale"});
    const FaultPlan first = rules.plan(Operation::kGet, "k");
    EXPECT_EQ(first.delay.count(), 15);
    EXPECT_TRUE(first.is(FaultAction::kStale));
    const FaultPlan second = rules.plan(Operation::kGet, "k");
    EXPECT_EQ(second.delay.count(), 5);
    EXPECT_FALSE(second.rule);
}

TEST(FaultRules, SpoilsBodies) {
    EXPECT_EQ(*spoiled("wrong-body").body, "abbd");
    EXPECT_EQ(*spoiled("short-body").body, "abc");
    EXPECT_EQ(spoiled("cut-body").shape, BodyShape::kFirstHalf);
    EXPECT_EQ(spoiled("huge").shape, BodyShape::kHuge);
    EXPECT_EQ(*spoiled("wrong-body", Operation::kList).body, "abcd");
    EXPECT_EQ(spoiled("huge", Operation::kPut).shape, BodyShape::kWhole);
    EXPECT_EQ(spoiled("wrong-body").headers, block_answer().headers);
}

TEST(FaultRules, SpoilsHeaders) {
    EXPECT_EQ(spoiled("no-etag").headers, (HeaderList{{"Last-Modified", "y"}}));
    EXPECT_EQ(spoiled("bad-etag").headers,
              (HeaderList{{"Last-Modified", "y"}, {"ETag", "not-an-md5"}}));
    EXPECT_EQ(spoiled("extra-header=A%3A%20b:c").headers.back(),
              (std::pair<std::string, std::string>("A", "b:c")));
}

}  // namespace
}  // namespace s3b::test
