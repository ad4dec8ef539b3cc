// SPDX-License-Identifier: Apache-2.0
// Keys of a profile in the files that the AWS tools share: written there, or printed by the program
// that it names. Source: as net/aws_config.h.
#include "engine/base/log.h"
#include "engine/reactor/child_process.h"
#include "net/aws_config.h"
#include "net/key_document.h"
#include "net/secret.h"
#include "net/small_file.h"
#include "net/source_kinds.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxFile = 1 << 20;
constexpr size_t kMaxOutput = 64 * 1024;

class ProfileSource final : public CredentialSource {
public:
    ProfileSource(Ring& ring, const KeySourceSettings& settings)
        : ring_(ring), settings_(settings), profile_(variable(settings_, "AWS_PROFILE")) {
        if (profile_.empty()) profile_ = "default";
    }

    const char* name() const override { return "profile"; }

    /// Reads the files anew each time: somebody may have put other keys there.
    Task<Result<AccessKeys>> fetch() override {
        const std::string credentials_path =
            path_of("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
        const std::string config_path = path_of("AWS_CONFIG_FILE", "~/.aws/config");
        CO_TRY(const AwsConfig credentials,
               co_await read(credentials_path, AwsConfig::Kind::Credentials));
        CO_TRY(const AwsConfig config, co_await read(config_path, AwsConfig::Kind::Config));
        if (!credentials.has_profile(profile_) && !config.has_profile(profile_)) {
            log::warn("no such profile", log::kv("profile", profile_),
                      log::kv("credentials_file", credentials_path),
                      log::kv("config_file", config_path));
            co_return Error(Errc::InvalidArgument, "the profile is in none of the AWS files");
        }
        // In the order of the AWS tools.
        if (has_keys(credentials)) co_return keys_of(credentials);
        std::string command(credentials.value(profile_, "credential_process"));
        if (command.empty()) command = config.value(profile_, "credential_process");
        if (!command.empty()) co_return co_await run(std::move(command));
        if (has_keys(config)) co_return keys_of(config);
        co_return Error(Errc::Unsupported,
                        "the profile has neither aws_access_key_id nor credential_process");
    }

private:
    std::string path_of(const char* name, const char* usual) const {
        const std::string given = variable(settings_, name);
        return absolute_name(settings_, given.empty() ? usual : given);
    }

    /// A file that does not exist is empty.
    Task<Result<AwsConfig>> read(std::string path, AwsConfig::Kind kind) {
        SecretBuffer file(kMaxFile);
        const Result<size_t> length = co_await read_small_file(ring_, path, file.span());
        if (!length.has_value()) {
            if (length.error().code == Errc::NotFound) co_return AwsConfig();
            log::warn("cannot read a file of profiles", log::kv("file", path),
                      log::kv("error", length.error()));
            co_return length.error();
        }
        size_t line = 0;
        std::optional<AwsConfig> config = AwsConfig::parse(file.text(*length), kind, line);
        if (config) co_return std::move(*config);
        log::warn("a file of profiles has a malformed line", log::kv("file", path),
                  log::kv("line", uint64_t(line)));
        co_return Error(Errc::InvalidArgument, "an AWS file has a malformed line");
    }

    bool has_keys(const AwsConfig& config) const {
        return !config.value(profile_, "aws_access_key_id").empty();
    }

    Result<AccessKeys> keys_of(const AwsConfig& config) const {
        AccessKeys keys;
        keys.id = config.value(profile_, "aws_access_key_id");
        keys.secret = config.value(profile_, "aws_secret_access_key");
        keys.session_token = config.value(profile_, "aws_session_token");
        if (keys.secret.empty()) {
            return Error(Errc::InvalidArgument, "the profile lacks aws_secret_access_key");
        }
        if (!is_header_safe(keys.id) || !is_header_safe(keys.session_token)) {
            return Error(Errc::InvalidArgument, "the profile's keys have characters no key has");
        }
        return keys;
    }

    Task<Result<AccessKeys>> run(std::string command) {
        std::optional<std::vector<std::string>> words = split_command(command);
        if (!words) {
            co_return Error(Errc::InvalidArgument, "credential_process is no command line");
        }
        SecretBuffer printed(kMaxOutput);
        CO_TRY(const ChildOutput output,
               co_await capture_child(ring_, std::move(*words), printed.span(),
                                      settings_.process_timeout));
        if (output.status != 0) {
            log::warn("credential_process fails", log::kv("profile", profile_),
                      log::kv("status", output.status), log::kv("says", output.complaint));
            co_return Error(Errc::Refused, "credential_process fails");
        }
        KeyDocumentForm form;
        form.token = "SessionToken";
        form.token_required = false;
        form.version_1 = true;
        co_return parse_key_document(printed.text(output.length), form);
    }

    Ring& ring_;
    KeySourceSettings settings_;
    std::string profile_;
};

}  // namespace

std::unique_ptr<CredentialSource> make_profile_source(Ring& ring,
                                                      const KeySourceSettings& settings) {
    return std::make_unique<ProfileSource>(ring, settings);
}

}  // namespace s3b::net
