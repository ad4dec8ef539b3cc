// SPDX-License-Identifier: Apache-2.0
// What we do with blocks before the store gets them: compression and encryption.
#include <cstring>
#include <tuple>

#include "engine/option_checks.h"

namespace s3b {

namespace {

using codec::Algorithm;

/// Of the encodings of an object, s3backer reads so much, joined by commas (wire-format.md 3.1).
constexpr size_t kMaxEncodingRead = 31;
constexpr std::string_view kUsualCipher = "AES-128-CBC";

std::string option(std::string_view name) { return "`" + std::string(name) + "'"; }

std::string invalid(std::string_view name, std::string_view value) {
    return "invalid value `" + std::string(value) + "' of option " + option(name) + ": ";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

bool encrypts(const Draft& draft) { return draft.encrypt || draft.cipher.has_value(); }

/// Those of the options of encryption that mean nothing alone.
std::vector<std::string> given_key_options(const Draft& draft) {
    std::vector<std::string> given;
    if (draft.password) given.push_back(option("password"));
    if (draft.password_file) given.push_back(option("passwordFile"));
    if (draft.key_length) given.push_back(option("keyLength"));
    return given;
}

void warn_of_test(Draft& draft) {
    std::vector<std::string> given = given_key_options(draft);
    if (encrypts(draft)) given.insert(given.begin(), option("encrypt"));
    if (draft.compress_level) given.insert(given.begin(), option("compress-level"));
    if (draft.compress) given.insert(given.begin(), option("compress"));
    if (given.empty()) return;
    draft.messages.push_back("warning: `test' stores blocks as they are; without effect: " +
                             joined(given));
}

Complaint settle_cipher(Draft& draft) {
    const std::string name = draft.cipher.value_or(std::string(kUsualCipher));
    Result<codec::Cipher> cipher = codec::find_cipher(name);
    if (!cipher) {
        const bool unknown = cipher.error().code == Errc::NotFound;
        return invalid("encrypt", name) +
               (unknown ? "OpenSSL has no such cipher" : "it is not a block cipher in CBC mode") +
               "; one of " + joined(codec::usable_ciphers()) + " is wanted";
    }
    draft.config.codec.cipher = std::move(*cipher);
    return {};
}

Complaint settle_key_length(Draft& draft) {
    CodecConfig& codec = draft.config.codec;
    const size_t least = codec.cipher->key_bytes;
    const size_t given = draft.key_length.value_or(0);
    codec.key_bytes = given == 0 ? least : given;
    if (codec.key_bytes >= least && codec.key_bytes <= codec::kMaxKeyBytes) return {};
    return invalid("keyLength", std::to_string(given)) + std::to_string(least) + " to " +
           std::to_string(codec::kMaxKeyBytes) + " bytes are wanted with " + codec.cipher->name +
           ", or 0";
}

void take_password(Draft& draft, codec::LockedBytes password) {
    draft.config.codec.password = std::make_shared<const codec::LockedBytes>(std::move(password));
}

Complaint settle_given_password(Draft& draft, const Environment& environment) {
    if (draft.password && draft.password_file) {
        return std::string("`password' and `passwordFile' are both given; give one of them");
    }
    if (draft.password) {
        take_password(draft, std::move(*draft.password));
    } else if (draft.password_file) {
        const std::string& file = *draft.password_file;
        Result<codec::LockedBytes> password =
            read_password_file(absolute_path(file, environment.directory));
        if (!password) {
            const Error& error = password.error();
            const std::string reason =
                error.sys_errno == 0 ? "" : std::string(": ") + std::strerror(error.sys_errno);
            return "password file `" + file + "' " + error.what + reason;
        }
        take_password(draft, std::move(*password));
    }
    const auto& password = draft.config.codec.password;
    if (password != nullptr && password->size() == 0) {
        draft.messages.emplace_back("warning: the password is empty; it protects nothing");
    }
    return {};
}

/// The level that is meant by `level`, or by none.
Complaint settle_level(Draft& draft, Algorithm algorithm, std::optional<int32_t> level) {
    const codec::LevelRange range = codec::level_range(algorithm);
    const bool deflate = algorithm == Algorithm::Deflate;
    const bool usual = !level || (deflate && *level == -1);
    const int least = deflate ? -1 : range.least;
    draft.config.codec.compression = {algorithm, usual ? range.usual : *level};
    if (usual || (*level >= least && *level <= range.most)) return {};
    return invalid("compress-level", std::to_string(*level)) + std::to_string(least) + " to " +
           std::to_string(range.most) + " is wanted with " + std::string(codec::name_of(algorithm));
}

void warn_of_readers(Draft& draft) {
    const CodecConfig& codec = draft.config.codec;
    if (codec.compression.algorithm == Algorithm::Zstd) {
        draft.messages.emplace_back(
            "warning: `compress=zstd': s3backer before 2.0.2 cannot read such blocks");
    }
    if (!codec.cipher) return;
    const std::string encoding =
        std::string(codec::name_of(codec.compression.algorithm)) + ",encrypt-" + codec.cipher->name;
    if (encoding.size() <= kMaxEncodingRead) return;
    draft.messages.push_back("warning: `encrypt=" + codec.cipher->name +
                             "': no release of s3backer can read such blocks, for the length of "
                             "the cipher's name");
}

}  // namespace

Complaint settle_encryption(Draft& draft, const Environment& environment) {
    if (draft.config.test) {
        warn_of_test(draft);
        return {};
    }
    if (!encrypts(draft)) {
        for (const std::string& given : given_key_options(draft)) {
            draft.messages.push_back("warning: " + given + " has no effect without `encrypt'");
        }
        return {};
    }
    if (Complaint wrong = settle_cipher(draft)) return wrong;
    if (Complaint wrong = settle_key_length(draft)) return wrong;
    return settle_given_password(draft, environment);
}

Complaint settle_compression(Draft& draft, const Environment&) {
    if (draft.config.test) return {};
    const auto& [choice, level] = std::tie(draft.compress, draft.compress_level);
    if (level && !choice && !encrypts(draft)) {
        return std::string("`compress-level' has no effect without `compress' or `encrypt'");
    }
    if (level && choice && choice->level) {
        return "`compress=" + std::to_string(*choice->level) +
               "' and `compress-level' are both given; give one level";
    }
    if (!encrypts(draft) && (!choice || choice->level == 0)) return {};
    const CompressChoice chosen = choice.value_or(CompressChoice());
    if (Complaint wrong =
            settle_level(draft, chosen.algorithm, chosen.level ? chosen.level : level)) {
        return wrong;
    }
    warn_of_readers(draft);
    return {};
}

Complaint settle_password(Draft& draft, const Environment& environment) {
    const CodecConfig& codec = draft.config.codec;
    const bool needed = codec.cipher && draft.action == CommandLine::Action::Mount;
    if (!needed || codec.password != nullptr) return {};
    Result<codec::LockedBytes> password =
        environment.ask_password ? environment.ask_password()
                                 : Error(Errc::Unsupported, "there is no terminal to ask for it");
    if (!password) {
        return "no password for `encrypt': " + std::string(password.error().what) +
               "; give `passwordFile=FILE'";
    }
    take_password(draft, std::move(*password));
    return {};
}

}  // namespace s3b
