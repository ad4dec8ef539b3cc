// SPDX-License-Identifier: Apache-2.0
// The answer of AssumeRoleWithWebIdentity, which is XML.
#include <expat.h>

#include <memory>

#include "net/key_document.h"
#include "net/secret.h"
#include "net/timestamp.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxDepth = 16;
constexpr std::string_view kCredentials =
    "/AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials/";

/// Collects the texts of the elements below kCredentials.
class StsReader {
public:
    StsReader() : parser_(XML_ParserCreate("UTF-8"), &XML_ParserFree) {
        XML_SetUserData(parser_.get(), this);
        XML_SetElementHandler(parser_.get(), &StsReader::on_start, &StsReader::on_end);
        XML_SetCharacterDataHandler(parser_.get(), &StsReader::on_text);
        XML_SetStartDoctypeDeclHandler(parser_.get(), &StsReader::on_doctype);
    }
    ~StsReader() { wipe(expiration_); }
    StsReader(const StsReader&) = delete;
    StsReader& operator=(const StsReader&) = delete;

    Result<AccessKeys> read(std::string_view xml) {
        const XML_Status status =
            XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE);
        if (status != XML_STATUS_OK) return Error(Errc::BadReply, "the answer is no plain XML");
        if (keys_.id.empty() || keys_.secret.empty() || keys_.session_token.empty()) {
            return Error(Errc::InvalidArgument, "the answer lacks a part of the credentials");
        }
        if (!is_header_safe(keys_.id) || !is_header_safe(keys_.session_token)) {
            return Error(Errc::BadReply, "the keys have characters that no key has");
        }
        keys_.expires = parse_timestamp(expiration_);
        if (!keys_.expires) return Error(Errc::BadReply, "Expiration is no time");
        return std::move(keys_);
    }

private:
    static void on_start(void* self, const XML_Char* name, const XML_Char**) {
        auto& reader = *static_cast<StsReader*>(self);
        if (++reader.depth_ > kMaxDepth) {
            XML_StopParser(reader.parser_.get(), XML_FALSE);
            return;
        }
        reader.path_ += '/';
        reader.path_ += name;
        reader.text_ = reader.text_of(reader.path_);
    }
    static void on_end(void* self, const XML_Char*) {
        auto& reader = *static_cast<StsReader*>(self);
        --reader.depth_;
        reader.path_.resize(reader.path_.rfind('/'));
        reader.text_ = nullptr;
    }
    static void on_text(void* self, const XML_Char* text, int length) {
        auto& reader = *static_cast<StsReader*>(self);
        if (reader.text_ != nullptr) reader.text_->append(text, static_cast<size_t>(length));
    }
    static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        XML_StopParser(static_cast<StsReader*>(self)->parser_.get(), XML_FALSE);
    }
    std::string* text_of(std::string_view path) {
        if (!path.starts_with(kCredentials)) return nullptr;
        path.remove_prefix(kCredentials.size());
        if (path == "AccessKeyId") return &keys_.id;
        if (path == "SecretAccessKey") return &keys_.secret;
        if (path == "SessionToken") return &keys_.session_token;
        return path == "Expiration" ? &expiration_ : nullptr;
    }

    std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser_;
    size_t depth_ = 0;
    std::string path_;
    std::string* text_ = nullptr;  // where the text of the current element goes
    AccessKeys keys_;
    std::string expiration_;
};

}  // namespace

Result<AccessKeys> parse_sts_answer(std::string_view xml) { return StsReader().read(xml); }

}  // namespace s3b::net
