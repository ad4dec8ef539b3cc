// SPDX-License-Identifier: Apache-2.0
#include "tests/cache/pin_protocol.h"

#include <algorithm>

namespace s3b::cache::model {

namespace {

size_t at(int8_t i) { return static_cast<size_t>(i); }

/// Where the reader goes with the word that it has just seen, as in BlockTable::try_pin.
void judge_word(Reader& reader) {
    const bool matches = reader.seen.block == reader.block;
    if (matches && reader.seen.use == Use::Readable) {
        reader.step = ReaderStep::Swap;
    } else if ((matches && reader.seen.use != Use::Free) || reader.position + 1 == kEntries) {
        reader.step = ReaderStep::Idle;
    } else {
        ++reader.position;
        reader.step = ReaderStep::LoadEntry;
        reader.slot = 0;
    }
}

void step_reader(State& state, Reader& reader, const Rules& rules, bool& wrong) {
    Word& word = state.words[at(reader.slot)];
    const auto& bytes = state.bytes[at(reader.slot)];
    switch (reader.step) {
        case ReaderStep::Idle: break;  // see start_reader
        case ReaderStep::LoadEntry:
            reader.slot = state.entries[at(reader.position)];
            reader.step = reader.slot == kNone ? ReaderStep::Idle : ReaderStep::LoadWord;
            reader.slot = std::max<int8_t>(reader.slot, 0);
            break;
        case ReaderStep::LoadWord:
            reader.seen = word;
            judge_word(reader);
            break;
        case ReaderStep::Swap:
            if (word == reader.seen || !rules.swap_compares_the_block) {
                ++word.pins;
                reader.step = ReaderStep::ReadFirst;
                reader.seen = Word{};  // forgets what it needs no more: fewer states
                reader.position = 0;
            } else {
                reader.seen = word;
                judge_word(reader);
            }
            break;
        case ReaderStep::ReadFirst:
            reader.first = bytes[0];
            wrong |= reader.first.block != reader.block;
            reader.step = ReaderStep::ReadSecond;
            break;
        case ReaderStep::ReadSecond:
            wrong |= bytes[1] != reader.first;
            reader.step = ReaderStep::Unpin;
            reader.first = Byte{};
            break;
        case ReaderStep::Unpin:
            --word.pins;
            reader = Reader{};
            break;
    }
    if (reader.step == ReaderStep::LoadEntry) reader.seen = Word{};
    if (reader.step == ReaderStep::Idle) reader = Reader{};
}

bool indexed(const State& state, int8_t slot) {
    return std::ranges::find(state.entries, slot) != state.entries.end();
}

bool cached(const State& state, int8_t block) {
    return std::ranges::any_of(state.entries, [&](int8_t slot) {
        return slot != kNone && state.words[at(slot)].block == block;
    });
}

/// What the owner may begin with `slot`.
void begin_owner(const State& state, int8_t slot, const Rules& rules, std::vector<State>& next) {
    const auto add = [&](OwnerStep step, int8_t block) {
        next.push_back(state);
        Owner& owner = next.back().owner;
        owner.step = step;
        owner.slot = slot;
        owner.block = block;
    };
    const Word word = state.words[at(slot)];
    if (word.use == Use::Readable && indexed(state, slot)) {
        add(OwnerStep::MakePrivate, word.block);
        add(OwnerStep::CloseGap, word.block);  // forget, whoever reads it
        add(rules.rewriting_locks_first ? OwnerStep::Lock : OwnerStep::RewriteFirst, word.block);
    } else if (word.use == Use::Private) {
        add(OwnerStep::Reclaim, word.block);
    } else if (word.use == Use::Free) {
        for (int8_t block = 0; block < kBlocks; ++block) {
            if (cached(state, block)) continue;
            add(rules.word_follows_the_bytes ? OwnerStep::WriteFirst : OwnerStep::LoadForInsert,
                block);
            next.back().words[at(slot)].use = Use::Private;  // set_taken
        }
    }
}

void close_gap(State& state, Owner& owner) {
    // The chain has one home, so every later entry moves back by one place.
    auto& entries = state.entries;
    if (entries[at(owner.position)] != owner.slot && owner.position == 0) {
        owner.position =
            static_cast<int8_t>(std::ranges::find(entries, owner.slot) - entries.begin());
    }
    const bool last = owner.position + 1 == kEntries || entries[at(owner.position) + 1] == kNone;
    entries[at(owner.position)] = last ? kNone : entries[at(owner.position) + 1];
    ++owner.position;
    if (!last) return;
    owner.step = OwnerStep::TakeWord;
    owner.position = 0;
}

void free_slot(State& state, int8_t slot, const Rules& rules) {
    Word& word = state.words[at(slot)];
    if (word.pins == 0) state.bytes[at(slot)] = {};  // nobody looks at them
    if (word.pins == 0 || !rules.freeing_respects_pins) word.use = Use::Free;
}

void step_owner_bytes(State& state, Owner& owner, const Rules& rules) {
    auto& bytes = state.bytes[at(owner.slot)];
    const auto changed = static_cast<int8_t>(1 - bytes[0].generation);
    switch (owner.step) {
        case OwnerStep::WriteFirst:
            bytes[0] = {owner.block, 0};
            owner.step = OwnerStep::WriteSecond;
            break;
        case OwnerStep::WriteSecond:
            bytes[1] = {owner.block, 0};
            owner.step = rules.word_follows_the_bytes ? OwnerStep::LoadForInsert : OwnerStep::Idle;
            break;
        case OwnerStep::RewriteFirst:
            bytes[0].generation = changed;
            owner.step = OwnerStep::RewriteSecond;
            break;
        case OwnerStep::RewriteSecond:
            bytes[1].generation = bytes[0].generation;
            owner.step = OwnerStep::Publish;
            break;
        default: break;
    }
}

void step_owner(State& state, Owner& owner, const Rules& rules) {
    Word& word = state.words[at(owner.slot)];
    const bool held = word.pins != 0 && rules.eviction_respects_pins;
    switch (owner.step) {
        case OwnerStep::MakePrivate:
            if (!held) word.use = Use::Private;
            owner.step = held ? OwnerStep::Idle : OwnerStep::CloseGap;
            break;
        case OwnerStep::CloseGap: close_gap(state, owner); break;
        case OwnerStep::TakeWord:
            word.use = Use::Private;
            owner.step = OwnerStep::Free;
            break;
        case OwnerStep::Free:
        case OwnerStep::Reclaim:
            free_slot(state, owner.slot, rules);
            owner.step = OwnerStep::Idle;
            break;
        case OwnerStep::LoadForInsert:
            owner.loaded = word;
            owner.step = OwnerStep::StoreWord;
            break;
        case OwnerStep::StoreWord:  // a plain store: it would lose a pin that came in between
            word = {owner.block, Use::Readable, owner.loaded.pins};
            owner.loaded = Word{};
            owner.step = OwnerStep::StoreEntry;
            break;
        case OwnerStep::StoreEntry:
            *std::ranges::find(state.entries, kNone) = owner.slot;
            owner.step = rules.word_follows_the_bytes ? OwnerStep::Idle : OwnerStep::WriteFirst;
            break;
        case OwnerStep::Lock:
            if (!held) word.use = Use::Private;
            owner.step = held ? OwnerStep::Idle : OwnerStep::RewriteFirst;
            break;
        case OwnerStep::Publish:
            word.use = Use::Readable;
            owner.step = OwnerStep::Idle;
            break;
        default: step_owner_bytes(state, owner, rules);
    }
    if (owner.step == OwnerStep::Idle) owner = Owner{};
}

}  // namespace

std::string State::key() const {
    State sorted = *this;  // the readers are alike: which is which does not matter
    std::ranges::sort(sorted.readers);
    return std::string(reinterpret_cast<const char*>(&sorted), sizeof sorted);
}

void successors(const State& state, const Rules& rules, std::vector<State>& next, bool& wrong) {
    next.clear();
    for (size_t i = 0; i < kReaders; ++i) {
        if (state.readers[i].step != ReaderStep::Idle) {
            next.push_back(state);
            step_reader(next.back(), next.back().readers[i], rules, wrong);
            continue;
        }
        for (int8_t block = 0; block < kBlocks; ++block) {
            next.push_back(state);
            next.back().readers[i].block = block;
            next.back().readers[i].step = ReaderStep::LoadEntry;
        }
    }
    if (state.owner.step != OwnerStep::Idle) {
        next.push_back(state);
        step_owner(next.back(), next.back().owner, rules);
        return;
    }
    for (int8_t slot = 0; slot < kSlots; ++slot) begin_owner(state, slot, rules, next);
}

}  // namespace s3b::cache::model
