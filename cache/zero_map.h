// SPDX-License-Identifier: Apache-2.0
// Blocks whose object is known not to exist: seen one by one, or by a survey of all that the store
// holds; and those whose object must exist.
// Source: cache-and-consistency.md 5.1 (the lower zero cache there: what the store holds, not what
// a client wrote), 5.2.
#pragma once

#include <cstdint>
#include <optional>

#include "cache/bit_map.h"
#include "engine/base/types.h"

namespace s3b::cache {

/// Nothing is known at first. Memory: two bits a block, with a survey a third one, each resident
/// only where it was ever set. Belongs to the reactor.
class ZeroMap {
public:
    explicit ZeroMap(BlockCount blocks);

    bool known_zero(BlockNumber block) const {
        return zeros_.test(block) || (surveyed_ && !objects_->test(block));
    }
    /// There is no object, and none can come of what was sent so far.
    void set_zero(BlockNumber block);
    /// The blocks of a word of a BitMap are zeros for clients from now on. Returns those that were
    /// not known to be: they may have an object.
    uint64_t set_zeros(size_t word, uint64_t bits);
    /// There is an object, or from now on there may be one.
    void set_unknown(BlockNumber block);
    /// There is an object: it was read, or stored with a success.
    void set_present(BlockNumber block);
    /// Whether there must be an object.
    bool known_present(BlockNumber block) const { return present_.test(block); }
    uint64_t known_present(size_t word) const { return present_.word(word); }
    /// Blocks known to be zero.
    uint64_t size() const;

    /// Begins a survey, once in a life at the most unless it was given up. From now on
    /// note_object() and set_unknown() keep the blocks that may have an object.
    void begin_survey();
    /// The survey has found an object of `block`, which may be gone by now if it is known to be
    /// zero or an upload of it is under way. It must have begun.
    void note_object(BlockNumber block);
    /// Every object that there was when the survey began was noted, or is deleted: all other blocks
    /// are known to be zero. O(1), for the maps are not merged.
    void finish_survey();
    /// The survey failed: nothing is known from it.
    void abandon_survey();
    /// After a survey: blocks of a word that may have an object.
    uint64_t objects(size_t word) const { return objects_->word(word); }

private:
    void add_to_survey(BlockNumber block);

    BlockCount blocks_;
    BitMap zeros_;                   // seen one by one
    std::optional<BitMap> objects_;  // of the survey: there may be an object
    BitMap present_;                 // there is an object, if no upload is under way
    uint64_t zeros_in_objects_ = 0;  // blocks set in both
    bool surveyed_ = false;          // objects_ is complete
};

}  // namespace s3b::cache
