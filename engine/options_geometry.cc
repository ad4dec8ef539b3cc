// SPDX-License-Identifier: Apache-2.0
// The sizes of the volume: given, detected, or by default.
#include <algorithm>
#include <bit>
#include <limits>

#include "engine/option_values.h"
#include "engine/options.h"

namespace s3b {

namespace {

using Messages = std::vector<std::string>;

/// Given and detected must agree, unless forced.
Complaint compare(std::string_view what, const std::optional<ByteCount>& given, ByteCount detected,
                  const Config& config, Messages& messages) {
    if (!given || *given == detected) return {};
    const std::string difference = "the " + std::string(what) + " given, " + format_size(*given) +
                                   ", differs from that detected, " + format_size(detected);
    if (!config.force) return difference + "; give `force' to use it all the same";
    if (!config.quiet) {
        messages.push_back("warning: " + difference + "; going on because of `force'");
    }
    return {};
}

/// What happened to the detection, in a line for the operator.
std::string detection_text(const Config& config, bool detected, ByteCount volume_size,
                           ByteCount block_size) {
    if (detected) {
        return "auto-detected block size=" + format_size(block_size) +
               " and total size=" + format_size(volume_size);
    }
    return std::string("auto-detection ") + (config.auto_detect ? "failed" : "disabled") +
           "; using " + (config.block_size ? "configured" : "default") + " block size " +
           format_size(block_size) + " and file size " + format_size(volume_size);
}

Complaint check_sizes(ByteCount volume_size, ByteCount block_size) {
    static constexpr uint64_t kMaxBlockSize = uint64_t(1) << 31;
    static constexpr uint64_t kMaxBlocks = uint64_t(1) << 32;
    const std::string volume_text = format_size(volume_size);
    const std::string block_text = format_size(block_size);
    if (!std::has_single_bit(block_size.value) || block_size.value > kMaxBlockSize) {
        return "block size " + block_text + " is not a power of two of at most 2g";
    }
    if (volume_size.value == 0 || volume_size.value % block_size.value != 0) {
        return "file size " + volume_text + " is not a multiple of the block size " + block_text;
    }
    if (volume_size.value / block_size.value > kMaxBlocks) {
        return "file size " + volume_text + " is more than 2^32 blocks of " + block_text +
               "; choose larger blocks";
    }
    if (volume_size.value > uint64_t(std::numeric_limits<int64_t>::max())) {
        return "file size " + volume_text + " is more than a file can have";
    }
    return {};
}

/// A block must get through within the time limit of one attempt.
Complaint check_speed(std::string_view option, ByteCount speed, ByteCount block_size,
                      Duration timeout) {
    if (speed.value == 0 || timeout == Duration::zero()) return {};
    const auto seconds =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(timeout).count());
    const uint64_t needed = block_size.value / speed.value;
    if (needed < seconds) return {};
    return "`timeout=" + std::to_string(seconds) + "' is too short: with `" + std::string(option) +
           "' a block of " + format_size(block_size) + " takes " + std::to_string(needed) +
           " seconds";
}

Complaint check_speeds(const net::S3Settings& s3, ByteCount block_size) {
    Complaint wrong = check_speed("maxUploadSpeed", s3.upload_speed, block_size, s3.timeout);
    if (!wrong) {
        wrong = check_speed("maxDownloadSpeed", s3.download_speed, block_size, s3.timeout);
    }
    return wrong;
}

void reduce_cache(CacheConfig& cache, BlockCount blocks, Messages& messages) {
    if (cache.size <= blocks.value) return;
    messages.push_back("warning: `blockCacheSize=" + std::to_string(cache.size) +
                       "' is more than the number of blocks; reduced to " +
                       std::to_string(blocks.value));
    cache.size = static_cast<uint32_t>(blocks.value);  // less than a 32 bit number
}

/// With a table that is full for ever no other block could be written any more.
Complaint check_written_blocks(ConsistencySettings& consistency, BlockCount blocks,
                               Messages& messages) {
    BlockCount& capacity = consistency.capacity;
    if (!consistency.on || capacity.value == 0) return {};
    if (consistency.keep == Duration::zero() && capacity < blocks) {
        return "`md5CacheSize=" + std::to_string(capacity.value) +
               "' is less than the number of blocks, " + std::to_string(blocks.value) +
               ", which `md5CacheTime=0' needs: no block is ever forgotten";
    }
    if (capacity > blocks) {
        messages.push_back("warning: `md5CacheSize=" + std::to_string(capacity.value) +
                           "' is more than the number of blocks; reduced to " +
                           std::to_string(blocks.value));
        capacity = blocks;
    }
    return {};
}

Checked<Geometry> with_messages(Checked<Geometry> result, Messages messages) {
    result.messages = std::move(messages);
    return result;
}

}  // namespace

Checked<Geometry> check_geometry(Config& config, const std::optional<DetectedSizes>& detected) {
    Messages messages;
    const auto failed = [&messages](std::string text) {
        return with_messages(Checked<Geometry>(OptionError{std::move(text)}), messages);
    };
    std::optional<ByteCount> volume_size = config.size;
    ByteCount block_size = config.block_size.value_or(Config::kDefaultBlockSize);
    if (detected) {
        const DetectedSizes& found = *detected;
        if (!config.quiet) {
            messages.push_back(detection_text(config, true, found.volume_size, found.block_size));
        }
        if (Complaint wrong =
                compare("block size", config.block_size, found.block_size, config, messages)) {
            return failed(*wrong);
        }
        if (Complaint wrong =
                compare("file size", config.size, found.volume_size, config, messages)) {
            return failed(*wrong);
        }
        volume_size = config.size.value_or(found.volume_size);
        block_size = config.block_size.value_or(found.block_size);
    }
    if (!volume_size) {
        return failed(std::string("no size is given, and its detection ") +
                      (config.auto_detect ? "found nothing" : "is off") + "; give `size=SIZE'");
    }
    if (!detected && !config.quiet) {
        messages.push_back(detection_text(config, false, *volume_size, block_size));
    }
    if (Complaint wrong = check_sizes(*volume_size, block_size)) return failed(*wrong);
    if (Complaint wrong = check_speeds(config.s3, block_size)) return failed(*wrong);
    const Geometry geometry{block_size, BlockCount(volume_size->value / block_size.value)};
    if (Complaint wrong = check_written_blocks(config.consistency, geometry.blocks, messages)) {
        return failed(*wrong);
    }
    reduce_cache(config.cache, geometry.blocks, messages);
    return with_messages(Checked<Geometry>(geometry), std::move(messages));
}

}  // namespace s3b
