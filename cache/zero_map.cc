// SPDX-License-Identifier: Apache-2.0
#include "cache/zero_map.h"

#include "engine/base/check.h"

namespace s3b::cache {

ZeroMap::ZeroMap(BlockCount blocks) : blocks_(blocks), zeros_(blocks), present_(blocks) {}

void ZeroMap::set_zero(BlockNumber block) {
    present_.clear(block);
    if (zeros_.set(block) && objects_ && objects_->test(block)) ++zeros_in_objects_;
}

uint64_t ZeroMap::set_zeros(size_t word, uint64_t bits) {
    const uint64_t may_exist = surveyed_ ? objects_->word(word) : ~uint64_t{0};
    const uint64_t fresh = bits & may_exist & ~zeros_.word(word);
    if (fresh == 0) return 0;
    present_.clear(word, fresh);
    zeros_.set(word, fresh);
    if (objects_) {
        zeros_in_objects_ += static_cast<uint64_t>(std::popcount(fresh & objects_->word(word)));
    }
    return fresh;
}

void ZeroMap::set_unknown(BlockNumber block) {
    present_.clear(block);
    if (objects_) add_to_survey(block);
    if (zeros_.clear(block) && objects_) --zeros_in_objects_;
}

void ZeroMap::set_present(BlockNumber block) {
    set_unknown(block);
    present_.set(block);
}

uint64_t ZeroMap::size() const {
    if (!surveyed_) return zeros_.count();
    return blocks_.value - objects_->count() + zeros_in_objects_;
}

void ZeroMap::begin_survey() {
    CHECK(!objects_);
    objects_.emplace(blocks_);
    zeros_in_objects_ = 0;
}

void ZeroMap::note_object(BlockNumber block) {
    add_to_survey(block);
    if (!zeros_.test(block)) present_.set(block);
}

void ZeroMap::add_to_survey(BlockNumber block) {
    if (objects_->set(block) && zeros_.test(block)) ++zeros_in_objects_;
}

void ZeroMap::finish_survey() {
    CHECK(objects_ && !surveyed_);
    surveyed_ = true;
}

void ZeroMap::abandon_survey() {
    CHECK(objects_ && !surveyed_);
    objects_.reset();
    zeros_in_objects_ = 0;
}

}  // namespace s3b::cache
