// SPDX-License-Identifier: Apache-2.0
// The cache file in the life of a mount: checked before anything is decided, brought to size and
// loaded, ours once the mount token is set, given back at the end. All of it blocks: nothing is
// served meanwhile. Errors are texts for the user.
// Source: cache-and-consistency.md 3.3 to 3.5, 3.9, 3.10, 3.13.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/file_map.h"
#include "engine/cache_file.h"

namespace s3b {

/// Belongs to the reactor's thread.
class MountedFile {
public:
    struct Settings {
        std::string path;
        Geometry geometry;
        SlotCount slots;
        cache::EvictionPolicy policy = cache::EvictionPolicy::Lru;
        uint32_t protected_blocks = 0;
        bool verify = true;
    };
    explicit MountedFile(Settings settings) : settings_(std::move(settings)) {}

    // In this order. The result is what is wrong, empty if nothing is.

    /// Opens, locks and checks the file, if there is one. Changes nothing.
    std::string open();
    /// Of the file that was opened: 0 if there is none, or its mount ended in order.
    uint32_t token() const { return file_ ? file_->header().token : 0; }
    uint64_t dirty() const { return dirty_; }
    /// Makes the file, or brings it to size, and reads which blocks it has. `recover`: the dirty
    /// ones, too; what cannot be, for the directory is damaged, is an error unless `force`d.
    std::string load(bool recover, bool force);
    /// What was not loaded leaves the directory, and the file carries the mount token. Not before
    /// it is certain that the volume is ours.
    std::string take_over(uint32_t token);
    /// All is stored. `complete`: and the entries tell so; else none of them is kept.
    std::string release(bool complete) { return complete ? file_->set_token(0) : file_->clear(); }
    /// Nothing that is dirty in it will be recovered.
    std::string disown() { return file_->set_token(0); }

    int descriptor() const { return file_->descriptor(); }
    cache::FileMap& map() { return *map_; }

private:
    std::string bring_to_size();
    bool must_be_rewritten() const;
    void load_entry(SlotIndex slot, const cache::FileEntry& entry, CacheFile::Flaw flaw);
    std::string damage() const;

    Settings settings_;
    std::unique_ptr<CacheFile> file_;
    std::optional<cache::FileMap> map_;
    uint64_t dirty_ = 0;
    bool recover_ = false;
    bool may_be_taken_for_torn_ = false;  // some entry, once the file has our mark
    std::vector<SlotIndex> dropped_;      // whose entries are to go
    std::vector<SlotIndex> damaged_;      // dirty ones that cannot be recovered
};

}  // namespace s3b
