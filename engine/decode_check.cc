// SPDX-License-Identifier: Apache-2.0
#include "engine/decode_check.h"

#include "codec/content_encoding.h"
#include "engine/base/buffer.h"
#include "engine/start_up.h"

namespace s3b {

namespace {

net::Precondition no_condition() { return net::Precondition(); }

/// Says why; whether to go on all the same.
bool refuse(const std::string& reason, const Config& config) {
    if (config.force) {
        say("warning: " + reason + "\nwarning: going on because of --force");
        return true;
    }
    say(reason + "\nto mount the volume all the same, give --force");
    return false;
}

std::string reason_of(BlockNumber block, const Error& error) {
    const std::string which = "block " + std::to_string(block.value) + " cannot be decoded: ";
    if (error.code != Errc::Unauthentic) return which + error.what;
    return which +
           "the password is wrong, or the bucket, the prefix, the cipher or keyLength is not the "
           "one that it was written with";
}

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

bool check_not_encrypted(std::string_view encoding, const Config& config) {
    if (config.codec.cipher) return true;
    const auto parsed = codec::parse_content_encoding(encoding);
    if (!parsed.has_value()) {
        return refuse("block 0 has an encoding that is not known here, " + std::string(encoding),
                      config);
    }
    if (parsed->cipher.empty()) return true;
    return refuse("block 0 is encrypted, mount with --encrypt=" + std::string(parsed->cipher),
                  config);
}

DecodeCheck::DecodeCheck(net::ObjectStore& store, codec::BlockCodec& codec,
                         const Geometry& geometry, const Config& config)
    : store_(store),
      codec_(codec),
      geometry_(geometry),
      config_(config),
      names_(config.prefix, config.block_hash_prefix) {}

Task<bool> DecodeCheck::run() {
    if (!codec_.encrypts()) co_return true;
    BlockNumber block(0);
    Result<void> decoded = co_await try_block(block);
    if (!decoded.has_value() && decoded.error().code == Errc::NotFound) {
        const auto found = co_await find_block();
        if (!found.has_value()) {
            say("cannot list the blocks to check the password: " + describe(found.error()));
            co_return false;
        }
        if (!found->has_value()) co_return true;
        block = **found;
        decoded = co_await try_block(block);
    }
    if (decoded.has_value() || decoded.error().code == Errc::NotFound) co_return true;
    if (decoded.error().code == Errc::Cancelled) co_return false;
    co_return refuse(reason_of(block, decoded.error()), config_);
}

Task<Result<void>> DecodeCheck::try_block(BlockNumber block) {
    Buffer plain(geometry_.block_size);
    Buffer encoded(ByteCount(codec_.capacity()));
    const net::ReadTarget target(plain.bytes(), encoded.bytes());
    const std::string key = names_.of(block);
    CO_TRY(const net::GetReply reply, co_await store_.get(key, target, no_condition()));
    codec::Received received;
    received.body = (reply.encoded ? encoded : plain).bytes().first(reply.length.value);
    received.encoding = reply.meta.content_encoding;
    received.hmac = reply.meta.hmac;
    co_return codec_.decode(block, received, plain.bytes());
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
            if (block && block->value < geometry_.blocks.value) co_return block;
        }
        if (!listed.truncated) break;
        after = listed.objects.back().key;
    }
    co_return std::optional<BlockNumber>();
}

}  // namespace s3b
