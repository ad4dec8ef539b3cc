// SPDX-License-Identifier: Apache-2.0
// The cache file at start and stop: locking, creating, checking, resizing, reading the directory,
// the mount token. All of it blocks: nothing is served then. Errors are texts for the user, which
// name the file, what is wrong with it and what to do.
// Source: cache-and-consistency.md 3.3 to 3.5, 3.9, 3.10, 3.13.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "cache/file_format.h"
#include "engine/base/types.h"

namespace s3b {

/// An open cache file, locked against all other processes that lock it. Not thread-safe.
class CacheFile {
public:
    struct Opened;

    /// Opens and checks the file `path` and changes nothing. Without such a file both members of
    /// the result are empty.
    static Opened open(const std::string& path, ByteCount block_size);
    /// Makes the file, readable for its owner only, with all its space reserved.
    static Opened create(const std::string& path, ByteCount block_size, SlotCount slots);
    ~CacheFile();
    CacheFile(const CacheFile&) = delete;
    CacheFile& operator=(const CacheFile&) = delete;

    const cache::FileHeader& header() const { return header_; }
    const std::string& path() const { return path_; }
    /// Valid as long as this lives, or until resize().
    int descriptor() const { return descriptor_; }

    /// What is to be thought of an entry.
    enum class Flaw {
        None,
        Torn,     // half written in a power failure: it was never in force
        Missing,  // its slot lies behind the end of the file
    };
    using Visitor = std::function<void(SlotIndex, const cache::FileEntry&, Flaw)>;
    /// Tells `visit` of each entry in use, in the order of the slots. The result is what is wrong;
    /// empty if nothing is.
    std::string scan(const Visitor& visit) const;

    /// Brings the file to V2 and `slots` slots, by way of a new file that takes its place: all
    /// dirty entries are kept, or the file stays as it is and the result says why; clean ones as
    /// far as there is room. The token is kept. A crash leaves the old file or the new one.
    std::string resize(SlotCount slots);
    /// Makes the file as long as all its slots need, and reserves the space. A file that is on a
    /// full disk stays as it is, and the result says so.
    std::string reserve();
    /// Empties entries, durably.
    std::string free_entries(std::span<const SlotIndex> slots);
    /// Empties all of them, then sets the token to 0.
    std::string clear();
    /// Writes the token, durably. 0 says that all is stored. V1 has none: nothing happens.
    std::string set_token(uint32_t token);

private:
    CacheFile(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
    static int open_locked(const std::string& path, std::string& wrong);
    std::string read_header(ByteCount block_size);
    std::string build(SlotCount slots);
    std::string copy_from(const CacheFile& old);
    std::string copy_entries(const CacheFile& old, bool dirty, uint32_t& next);
    std::string copy_slot(const CacheFile& old, SlotIndex from, SlotIndex to);
    std::string write_header();
    std::string sync();
    std::string failed(const std::string& what, int error) const;

    std::string path_;
    int descriptor_;
    cache::FileHeader header_;
};

/// The file, or what is wrong.
struct CacheFile::Opened {
    std::unique_ptr<CacheFile> file;
    std::string wrong;
};

}  // namespace s3b
