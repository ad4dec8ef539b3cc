// SPDX-License-Identifier: Apache-2.0
// How much memory a volume may take up at the most, all that is under way included. Each part is
// the product of bounds that the code enforces.
#pragma once

#include <cstdint>

#include "engine/base/types.h"

namespace s3b {

/// Bytes, by what they are for. Memory becomes resident as it is used.
struct MemoryBudget {
    ByteCount slots;        // blocks of the cache, and the reserve for transfers
    ByteCount bookkeeping;  // of the slots
    ByteCount maps;         // of all blocks of the volume, some bits each
    ByteCount bodies;       // encoded blocks under way
    ByteCount requests;     // of the kernel

    ByteCount total() const {
        return ByteCount(slots.value + bookkeeping.value + maps.value + bodies.value +
                         requests.value);
    }
};

/// What is to be multiplied.
struct MemoryBounds {
    Geometry geometry;
    uint64_t slots = 0;
    uint64_t file_slots = 0;  // of the cache file
    uint64_t transfers = 0;   // with a body each
    ByteCount request;        // the most data of one request of the kernel
    ByteCount body;           // the longest
};

MemoryBudget memory_budget(const MemoryBounds& bounds);

/// Whether the process may have so much address space.
bool can_be_mapped(ByteCount bytes);
/// Of the machine.
ByteCount physical_memory();

}  // namespace s3b
