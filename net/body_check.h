// SPDX-License-Identifier: Apache-2.0
// Whether a body is what was stored. An ETag that is a quoted MD5 tells, on stores where it is the
// MD5 of the body; where it is not, what we have sent ourselves. Pure but for log lines.
// Source: wire-format.md 3.1, 3.5, 3.6, 12.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "engine/base/result.h"
#include "net/reply_headers.h"

namespace s3b::net {

/// Belongs to the reactor's thread. Learns from every answer whether the store's ETags are MD5
/// sums: they are once one was; they are not if the answer says that the store encrypts with a key
/// of its own, or if the first one is another than ours and stays so.
class BodyCheck {
public:
    /// Checksums of our own kept at the most, where ETags do not help.
    static constexpr size_t kMaxOwnSums = 65536;
    /// Strange answers that are remembered: more than there are reads at once.
    static constexpr size_t kMaxDoubts = 512;

    /// `key` is about to be put or removed: what was known of it holds no more.
    void forget(std::string_view key);
    /// A put of a body with this MD5 was answered. BadReply: the store holds something else.
    Result<void> stored(std::string_view key, const Md5& sent, const ReplyHeaders& headers);

    /// The MD5 that the body of `key` must have as far as it is known; nullopt: no need to compute
    /// that of the body.
    std::optional<Md5> expected(std::string_view key, const ReplyHeaders& headers) const;
    /// A body with this MD5 was received where another was expected(). BadReply: it is damaged, or
    /// it may be: the same answer once more will show which.
    Result<void> received_other(std::string_view key, const Md5& received,
                                const ReplyHeaders& headers);
    /// A body was as expected.
    void received_same(const ReplyHeaders& headers);

private:
    enum class Kind { Unknown, Md5Sums, Other };
    static bool may_be_md5(const ReplyHeaders& headers);
    void learn_other();
    void remember(std::string_view key, const Md5& md5);

    Kind etags_ = Kind::Unknown;
    using Doubt = std::pair<Md5, Md5>;  // the ETag, and the MD5 of the body
    std::deque<Doubt> doubts_;  // answers that did not fit while nothing was known, oldest first
    std::unordered_map<std::string, Md5> own_sums_;
};

}  // namespace s3b::net
