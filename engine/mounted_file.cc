// SPDX-License-Identifier: Apache-2.0
#include "engine/mounted_file.h"

#include "engine/base/log.h"

namespace s3b {

using cache::FileVersion;

std::string MountedFile::open() {
    CacheFile::Opened opened = CacheFile::open(settings_.path, settings_.geometry.block_size);
    if (!opened.wrong.empty()) return opened.wrong;
    file_ = std::move(opened.file);
    if (!file_) return {};
    const cache::FileLayout layout = file_->header().layout;
    return file_->scan([&](SlotIndex slot, const cache::FileEntry& entry, CacheFile::Flaw flaw) {
        if (flaw == CacheFile::Flaw::Torn) return;
        if (entry.dirty) ++dirty_;
        if (layout.may_tear(slot) && looks_torn(entry)) may_be_taken_for_torn_ = true;
    });
}

std::string MountedFile::load(bool recover, bool force) {
    recover_ = recover;
    if (std::string wrong = bring_to_size(); !wrong.empty()) return wrong;
    cache::FileMapSettings settings;
    settings.layout = file_->header().layout;
    settings.policy = settings_.policy;
    settings.protected_blocks = settings_.protected_blocks;
    // Nobody vouches for what a mount left that did not end in order, and is not continued.
    settings.verify = settings_.verify || (token() != 0 && !recover);
    map_.emplace(settings);
    const auto visit = [this](SlotIndex slot, const cache::FileEntry& entry, CacheFile::Flaw flaw) {
        load_entry(slot, entry, flaw);
    };
    if (std::string wrong = file_->scan(visit); !wrong.empty()) return wrong;
    if (!damaged_.empty() && !force) return damage();
    return {};
}

void MountedFile::load_entry(SlotIndex slot, const cache::FileEntry& entry, CacheFile::Flaw flaw) {
    const bool wanted = flaw == CacheFile::Flaw::None && (!entry.dirty || recover_);
    if (wanted && map_->load(slot, entry, settings_.geometry.blocks)) return;
    dropped_.push_back(slot);
    if (entry.dirty && recover_ && flaw != CacheFile::Flaw::Torn) damaged_.push_back(slot);
}

std::string MountedFile::damage() const {
    return "cache file `" + settings_.path + "': " + std::to_string(damaged_.size()) +
           " blocks that never reached the store cannot be recovered, the first in slot " +
           std::to_string(damaged_.front().value) +
           ": beyond the volume, listed twice, or behind the end of the file\n"
           "to recover the others and drop those, mount with --force";
}

/// Our mark tells that entries of a certain look are torn: none that is not may look like that.
bool MountedFile::must_be_rewritten() const {
    const cache::FileHeader& header = file_->header();
    return header.layout.version != FileVersion::V2 || header.layout.slots != settings_.slots ||
           (may_be_taken_for_torn_ && !header.ordered);
}

std::string MountedFile::bring_to_size() {
    if (!file_) {
        CacheFile::Opened made =
            CacheFile::create(settings_.path, settings_.geometry.block_size, settings_.slots);
        file_ = std::move(made.file);
        return made.wrong;
    }
    if (!must_be_rewritten()) return file_->reserve();
    log::info("the cache file becomes another one",
              log::kv("slots", uint64_t{file_->header().layout.slots.value}),
              log::kv("new_slots", uint64_t{settings_.slots.value}));
    return file_->resize(settings_.slots);
}

/// The token last: it vouches for the dirty entries.
std::string MountedFile::take_over(uint32_t token) {
    std::string wrong = file_->free_entries(dropped_);
    dropped_ = {};
    return wrong.empty() ? file_->set_token(token) : wrong;
}

}  // namespace s3b
