// SPDX-License-Identifier: Apache-2.0
#include "engine/hit_readers.h"

#include <cstring>

namespace s3b {

HitReaders::HitReaders(uint32_t count, const Geometry& geometry, cache::BlockTable& table,
                       const MemorySlots& slots)
    : geometry_(geometry), table_(table), slots_(slots) {
    for (; count > 0; --count) readers_.push_back(std::make_unique<Reader>(*this));
}

fusell::HitReader* HitReaders::reader(uint32_t index) {
    return index < readers_.size() ? readers_[index].get() : nullptr;
}

bool HitReaders::Reader::read_hit(ByteOffset offset, std::span<std::byte> into) {
    const uint64_t begin = owner.geometry_.offset_in_block(offset);
    if (into.size() > owner.geometry_.block_size.value - begin || log.full()) return false;
    const BlockNumber block = owner.geometry_.block_of(offset);
    const cache::BlockTable::Pin pin = owner.table_.try_pin(block);
    // The first read of a block that was fetched ahead is what moves the read-ahead on.
    if (!pin || owner.table_.unread(pin.slot())) return false;
    std::memcpy(into.data(), owner.slots_.bytes(pin.slot()).data() + begin, into.size());
    log.add(block, pin.slot());
    return true;
}

}  // namespace s3b
