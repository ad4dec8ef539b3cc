// SPDX-License-Identifier: Apache-2.0
// What services and files say about keys. Input: a digit (what it is), then the text.
#include <array>
#include <string>

#include "engine/base/check.h"
#include "net/aws_config.h"
#include "net/key_document.h"
#include "tests/fuzz/fuzz_input.h"

namespace s3b::net {
namespace {

enum class Kind { Metadata, Container, Program, WebIdentity, Credentials, Config };
constexpr size_t kKinds = 6;

void check_keys(const Result<AccessKeys>& keys, bool token_required, bool must_expire) {
    if (!keys.has_value()) return;
    CHECK(!keys->id.empty() && !keys->secret.empty());
    CHECK(!keys->session_token.empty() || !token_required);
    CHECK(is_header_safe(keys->id) && is_header_safe(keys->session_token));
    CHECK(keys->expires.has_value() || !must_expire);
}

void check_config(std::string_view text, AwsConfig::Kind kind) {
    size_t wrong_line = 0;
    const auto config = AwsConfig::parse(text, kind, wrong_line);
    const auto line_ends = static_cast<size_t>(std::ranges::count(text, '\n'));
    if (!config) {
        CHECK(wrong_line >= 1 && wrong_line <= line_ends + 1);
        return;
    }
    for (const char* profile : {"default", "a"}) {
        const std::string_view command = config->value(profile, "credential_process");
        CHECK(command.empty() || config->has_profile(profile));
        CHECK(command.find('\n') == std::string_view::npos);
        const auto words = split_command(command);
        CHECK(!words || !words->empty());
    }
}

void run(FuzzInput input) {
    const auto kind = static_cast<Kind>(input.choice(kKinds));
    const ExactCopy text(input.rest());
    KeyDocumentForm form;
    switch (kind) {
        case Kind::Metadata: check_keys(parse_key_document(text.text(), form), true, false); break;
        case Kind::Container:
            form.token_required = false;
            check_keys(parse_key_document(text.text(), form), false, false);
            break;
        case Kind::Program:
            form.token = "SessionToken";
            form.token_required = false;
            form.version_1 = true;
            check_keys(parse_key_document(text.text(), form), false, false);
            break;
        case Kind::WebIdentity: check_keys(parse_sts_answer(text.text()), true, true); break;
        case Kind::Credentials: check_config(text.text(), AwsConfig::Kind::Credentials); break;
        case Kind::Config: check_config(text.text(), AwsConfig::Kind::Config); break;
    }
}

}  // namespace
}  // namespace s3b::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    s3b::net::run(s3b::FuzzInput(data, size));
    return 0;
}
