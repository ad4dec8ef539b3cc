// SPDX-License-Identifier: Apache-2.0
#include "engine/decode_check.h"

#include "codec/content_encoding.h"
#include "engine/base/buffer.h"

namespace s3b {

namespace {

net::Precondition no_condition() { return net::Precondition(); }

}  // namespace

std::unique_ptr<codec::BlockCodec> make_codec(Config& config, const Geometry& geometry) {
    codec::BlockCodec::Settings settings;
    settings.block_size = geometry.block_size;
    settings.compression = config.codec.compression;
    settings.cipher = config.codec.cipher;
    settings.always_name_encoding = !config.s3.default_content_encoding.empty();
    codec::BlockKeys keys;
    if (settings.cipher) {
        keys = codec::derive_keys(config.codec.password->text(), config.s3.bucket, config.prefix,
                                  config.codec.key_bytes);
        config.codec.password.reset();
    }
    auto codec = codec::BlockCodec::create(settings, std::move(keys));
    if (codec.has_value()) return std::move(codec).value();
    say("cannot encrypt with " + settings.cipher->name + ": " + codec.error().what);
    return nullptr;
}

DecodeCheck::DecodeCheck(net::ObjectStore& store, codec::BlockCodec& codec,
                         const VolumeFacts& facts, const Config& config)
    : store_(store),
      codec_(codec),
      facts_(facts),
      config_(config),
      names_(config.prefix, config.block_hash_prefix) {}

Task<bool> DecodeCheck::run() {
    BlockNumber block(0);
    Result<void> outcome = co_await try_block(block);
    if (!outcome.has_value() && outcome.error().code == Errc::NotFound) {
        const auto found = co_await find_block();
        if (!found.has_value()) {
            say("warning: cannot list the blocks to find out whether they can be decoded: " +
                describe(found.error()));
            co_return found.error().code == Errc::Forbidden;  // the others would recur at once
        }
        if (!found->has_value()) co_return true;
        block = **found;
        outcome = co_await try_block(block);
    }
    if (outcome.has_value() || outcome.error().code == Errc::NotFound) co_return true;
    if (outcome.error().code == Errc::Cancelled) co_return false;
    co_return refuse(reason(block, outcome.error()));
}

Task<Result<void>> DecodeCheck::try_block(BlockNumber block) {
    using enum VolumeFacts::FirstBlock;
    const bool first = block == BlockNumber(0);
    if (first && facts_.first_block == Missing) {
        co_return Error(Errc::NotFound, "there is no block 0");
    }
    const std::string key = names_.of(block);
    if (codec_.encrypts()) co_return co_await decode(block, key);
    if (first && facts_.first_block == Present) {
        encoding_ = facts_.encoding;
    } else {
        CO_TRY(const net::ObjectMeta meta, co_await store_.head(key));
        encoding_ = meta.content_encoding;
    }
    CO_TRY(const codec::ContentEncoding parsed, codec::parse_content_encoding(encoding_));
    if (parsed.cipher.empty()) co_return ok();
    co_return Error(Errc::Unsupported, "it is encrypted, --encrypt is needed");
}

Task<Result<void>> DecodeCheck::decode(BlockNumber block, const std::string& key) {
    Buffer plain(facts_.geometry.block_size);
    Buffer encoded(ByteCount(codec_.capacity()));
    const net::ReadTarget target(plain.bytes(), encoded.bytes());
    CO_TRY(const net::GetReply reply, co_await store_.get(key, target, no_condition()));
    encoding_ = reply.meta.content_encoding;
    codec::Received received;
    received.body = (reply.encoded ? encoded : plain).bytes().first(reply.length.value);
    received.encoding = encoding_;
    received.hmac = reply.meta.hmac;
    co_return codec_.decode(block, received, plain.bytes());
}

std::string DecodeCheck::reason(BlockNumber block, const Error& error) const {
    std::string text = "block " + std::to_string(block.value) + " cannot be decoded: ";
    if (error.code == Errc::Unauthentic) {
        text +=
            "the password is wrong, or the bucket, the prefix, the cipher or keyLength is not "
            "the one that it was written with";
    } else {
        text += error.what;
    }
    return encoding_.empty() ? text : text + " (its encoding is: " + encoding_ + ")";
}

/// Says why; whether to go on all the same.
bool DecodeCheck::refuse(const std::string& reason) const {
    if (config_.force) {
        say("warning: " + reason + "\nwarning: going on because of --force");
        return true;
    }
    say(reason + "\nto mount the volume all the same, give --force");
    return false;
}

Task<Result<std::optional<BlockNumber>>> DecodeCheck::find_block() {
    net::ListRequest request;
    request.prefix = config_.prefix;
    std::string after;
    for (int page = 0; page < kMaxPages; ++page) {
        request.after = after;
        CO_TRY(const net::ListPage listed, co_await store_.list(request));
        for (const net::ListedObject& object : listed.objects) {
            const auto block = names_.parse(object.key);
            if (block && block->value < facts_.geometry.blocks.value) co_return block;
        }
        if (!listed.truncated) break;
        after = listed.objects.back().key;
    }
    co_return std::optional<BlockNumber>();
}

}  // namespace s3b
