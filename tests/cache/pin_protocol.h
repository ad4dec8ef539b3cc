// SPDX-License-Identifier: Apache-2.0
// A small model of the protocol of block_table.cc between its owner and its readers, in single
// steps: each loads or stores one index entry, one word of a slot or one byte, or is one
// compare-and-swap. Two slots, two blocks, one chain of two index entries, two readers.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace s3b::cache::model {

constexpr int kSlots = 2;
constexpr int kBlocks = 2;
constexpr int kEntries = 2;
constexpr int kReaders = 2;
constexpr int8_t kNone = -1;

enum class Use : int8_t { Free, Private, Readable };

/// The word of a slot.
struct Word {
    int8_t block = 0;
    Use use = Use::Free;
    int8_t pins = 0;
    friend auto operator<=>(const Word&, const Word&) = default;
};

/// What a byte of a slot holds: of which block, and of which of its two generations.
struct Byte {
    int8_t block = kNone;
    int8_t generation = 0;
    friend auto operator<=>(const Byte&, const Byte&) = default;
};

enum class ReaderStep : int8_t { Idle, LoadEntry, LoadWord, Swap, ReadFirst, ReadSecond, Unpin };

struct Reader {
    ReaderStep step = ReaderStep::Idle;
    int8_t block = 0;     // wanted
    int8_t position = 0;  // in the index
    int8_t slot = 0;
    Word seen;
    Byte first;
    friend auto operator<=>(const Reader&, const Reader&) = default;
};

enum class OwnerStep : int8_t {
    Idle,
    MakePrivate,  // evict: a compare-and-swap that fails if there are pins
    CloseGap,     // erase: one index entry after the other moves back
    TakeWord,     // erase: the word becomes Private
    Free,         // if there are no pins; else the slot waits
    WriteFirst,   // load a block into a slot that nobody else knows
    WriteSecond,
    LoadForInsert,
    StoreWord,
    StoreEntry,
    Lock,  // rewrite in place
    RewriteFirst,
    RewriteSecond,
    Publish,
    Reclaim,  // a slot that waited for its readers
};

struct Owner {
    OwnerStep step = OwnerStep::Idle;
    int8_t slot = 0;
    int8_t block = 0;
    int8_t position = 0;
    Word loaded;
};

/// What may be left out, to show that the check would see it.
struct Rules {
    bool swap_compares_the_block = true;  // a reader pins only the word it looked at
    bool eviction_respects_pins = true;   // MakePrivate fails while somebody holds the slot
    bool freeing_respects_pins = true;    // a slot is free only when nobody holds it
    bool word_follows_the_bytes = true;   // insert comes after the bytes
    bool rewriting_locks_first = true;    // a readable slot is made private before it changes
};

struct State {
    std::array<int8_t, kEntries> entries{kNone, kNone};
    std::array<Word, kSlots> words;
    std::array<std::array<Byte, 2>, kSlots> bytes;
    std::array<Reader, kReaders> readers;
    Owner owner;

    /// The state as bytes; the readers, which are alike, in a fixed order.
    /// The same for states that differ in nothing that matters.
    std::string key() const;
};
static_assert(sizeof(State) == kEntries + 3 * kSlots + 4 * kSlots + 9 * kReaders + 7);

/// All states that one step of one participant leads to; `wrong` is set if a reader that holds a
/// pin has just read a byte that it must not see.
void successors(const State& state, const Rules& rules, std::vector<State>& next, bool& wrong);

}  // namespace s3b::cache::model
