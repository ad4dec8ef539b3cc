// SPDX-License-Identifier: Apache-2.0
#include "net/body_check.h"

#include <algorithm>

#include "engine/base/log.h"

namespace s3b::net {

namespace {

Error damaged() { return {Errc::BadReply, "the body does not have the checksum it should have"}; }

}  // namespace

bool BodyCheck::may_be_md5(const ReplyHeaders& headers) {
    return headers.etag.has_value() && headers.customer_encryption.empty() &&
           !headers.encryption.starts_with("aws:kms");
}

void BodyCheck::learn_other() {
    if (etags_ == Kind::Other) return;
    etags_ = Kind::Other;
    log::info("the store's ETags are not MD5 sums: bodies are checked against our own sums only");
}

void BodyCheck::remember(std::string_view key, const Md5& md5) {
    if (own_sums_.size() >= kMaxOwnSums) own_sums_.erase(own_sums_.begin());
    own_sums_.insert_or_assign(std::string(key), md5);
}

Result<void> BodyCheck::stored(std::string_view key, const Md5& sent, const ReplyHeaders& headers) {
    if (may_be_md5(headers)) {
        if (*headers.etag == sent) {
            etags_ = Kind::Md5Sums;
            return ok();
        }
        // The store has compared the body with Content-MD5, so a first strange ETag is no damage.
        if (etags_ == Kind::Md5Sums) return damaged();
        learn_other();
    }
    remember(key, sent);
    return ok();
}

void BodyCheck::forget(std::string_view key) {
    if (!own_sums_.empty()) own_sums_.erase(std::string(key));
}

std::optional<Md5> BodyCheck::expected(std::string_view key, const ReplyHeaders& headers) const {
    if (may_be_md5(headers) && etags_ != Kind::Other) return headers.etag;
    const auto own = own_sums_.find(std::string(key));
    if (own == own_sums_.end()) return std::nullopt;
    return own->second;
}

void BodyCheck::received_same(const ReplyHeaders& headers) {
    if (!may_be_md5(headers) || etags_ != Kind::Unknown) return;
    etags_ = Kind::Md5Sums;
}

Result<void> BodyCheck::received_other(std::string_view key, const Md5& received,
                                       const ReplyHeaders& headers) {
    const bool known = etags_ != Kind::Unknown || !may_be_md5(headers);
    if (known || own_sums_.contains(std::string(key))) return damaged();
    const Doubt answer(*headers.etag, received);
    if (std::ranges::find(doubts_, answer) == doubts_.end()) {
        if (doubts_.size() == kMaxDoubts) doubts_.pop_front();
        doubts_.push_back(answer);
        return damaged();
    }
    doubts_.clear();
    learn_other();
    return ok();
}

}  // namespace s3b::net
