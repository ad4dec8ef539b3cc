// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/byte_model.h"

#include <algorithm>

#include "engine/base/check.h"

namespace s3b {

namespace {
size_t value_of(std::byte b) { return std::to_integer<size_t>(b); }
}  // namespace

ByteModel::ByteModel(size_t size) : now_(size), writing_(size), stored_(size) {
    for (auto& values : now_) values.set(0);
    stored_ = now_;
}

bool ByteModel::being_written(size_t offset, size_t length) const {
    return std::any_of(writing_.begin() + static_cast<ptrdiff_t>(offset),
                       writing_.begin() + static_cast<ptrdiff_t>(offset + length),
                       [](const auto& values) { return values.any(); });
}

void ByteModel::begin_write(size_t offset, std::span<const std::byte> bytes) {
    CHECK(!being_written(offset, bytes.size()));
    for (size_t i = 0; i < bytes.size(); ++i) {
        writing_[offset + i].set(value_of(bytes[i]));
        stored_[offset + i].set(value_of(bytes[i]));
    }
    for (Watch& watch : watches_) {
        const size_t begin = std::max(offset, watch.offset);
        const size_t end = std::min(offset + bytes.size(), watch.offset + watch.allowed.size());
        for (size_t i = begin; i < end; ++i) {
            watch.allowed[i - watch.offset].set(value_of(bytes[i - offset]));
        }
    }
}

void ByteModel::end_write(size_t offset, std::span<const std::byte> bytes, bool failed) {
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (!failed) now_[offset + i].reset();
        now_[offset + i].set(value_of(bytes[i]));
        writing_[offset + i].reset();
    }
}

ByteModel::Handle ByteModel::begin_read(size_t offset, size_t length) {
    Watch watch{offset, {}};
    for (size_t i = offset; i < offset + length; ++i) {
        watch.allowed.push_back(now_[i] | writing_[i]);
    }
    return watches_.insert(watches_.end(), std::move(watch));
}

std::string ByteModel::end_read(Handle read, std::span<const std::byte> bytes) {
    std::string wrong = check(read->allowed, bytes, read->offset);
    watches_.erase(read);
    return wrong;
}

void ByteModel::end_flush(Handle flush) {
    stored_ = flush->allowed;
    watches_.erase(flush);
}

std::string ByteModel::check_store(std::span<const std::byte> bytes) const {
    return check(stored_, bytes, 0);
}

std::string ByteModel::check_rest(std::span<const std::byte> bytes) const {
    return check(now_, bytes, 0);
}

std::string ByteModel::check(const Allowed& allowed, std::span<const std::byte> bytes,
                             size_t offset) {
    CHECK(allowed.size() == bytes.size());
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (allowed[i].test(value_of(bytes[i]))) continue;
        std::string text = "byte " + std::to_string(offset + i) + " is " +
                           std::to_string(value_of(bytes[i])) + ", allowed:";
        for (size_t v = 0; v < 256; ++v) {
            if (allowed[i].test(v)) text += " " + std::to_string(v);
        }
        return text;
    }
    return {};
}

}  // namespace s3b
