// SPDX-License-Identifier: Apache-2.0
#include "codec/content_encoding.h"

#include <algorithm>

#include "codec/text.h"

namespace s3b::codec {

namespace {

constexpr std::string_view kEncrypt = "encrypt-";

/// Takes the first word off `text`; empty at its end.
std::string_view take_word(std::string_view& text) {
    constexpr std::string_view kSeparators = ", \t\r\n\v\f";
    text.remove_prefix(std::min(text.find_first_not_of(kSeparators), text.size()));
    const std::string_view word = text.substr(0, text.find_first_of(kSeparators));
    text.remove_prefix(word.size());
    return word;
}

}  // namespace

Result<ContentEncoding> parse_content_encoding(std::string_view text) {
    ContentEncoding encoding;
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        if (!encoding.cipher.empty()) {
            return Error(Errc::BadReply, "an encoding after the encryption");
        }
        if (same_ignoring_case(word.substr(0, kEncrypt.size()), kEncrypt)) {
            encoding.cipher = word.substr(kEncrypt.size());
            if (encoding.cipher.empty()) return Error(Errc::BadReply, "encrypted with no cipher");
            continue;
        }
        if (encoding.compression != Algorithm::None) {
            return Error(Errc::BadReply, "more than one compression");
        }
        for (const Algorithm algorithm : {Algorithm::Deflate, Algorithm::Zstd}) {
            if (same_ignoring_case(word, name_of(algorithm))) encoding.compression = algorithm;
        }
        if (encoding.compression == Algorithm::None) {
            return Error(Errc::BadReply, "an unknown encoding");
        }
    }
    return encoding;
}

std::string write_content_encoding(const ContentEncoding& encoding) {
    std::string text(name_of(encoding.compression));
    if (encoding.cipher.empty()) return text;
    if (!text.empty()) text += ", ";
    return text.append(kEncrypt).append(encoding.cipher);
}

std::string accept_encoding(Algorithm compression, std::string_view cipher) {
    std::string text(name_of(Algorithm::Deflate));
    if (compression == Algorithm::Zstd) text.append(", ").append(name_of(compression));
    if (!cipher.empty()) text.append(", ").append(kEncrypt).append(cipher);
    return text;
}

}  // namespace s3b::codec
