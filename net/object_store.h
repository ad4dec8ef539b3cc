// SPDX-License-Identifier: Apache-2.0
// The interface to whatever keeps objects: S3 (s3_store), a directory (dir_store), or a fake in
// tests. All of them pass the same contract test (tests/net/object_store_contract.h).
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/result.h"
#include "engine/base/types.h"
#include "engine/reactor/task.h"
#include "net/store_counters.h"
#include "net/transfer_scheduler.h"

namespace s3b::net {

/// What an object carries beside its bytes. Source: wire-format.md 2.1, 2.7, 3.1.
struct ObjectMeta {
    std::string content_encoding;         // as sent or received; empty = header absent
    std::optional<ByteCount> block_size;  // x-amz-meta-s3backer-blocksize (block 0 only)
    std::optional<ByteCount> file_size;   // x-amz-meta-s3backer-filesize (block 0 only)
    std::optional<uint32_t> mount_token;  // x-amz-meta-s3backer-mount-token
    std::optional<Sha1> hmac;             // x-amz-meta-s3backer-hmac
    ETag etag;                            // of an answer to head()

    ObjectMeta() = default;
};

/// One object to be stored. The body and all views must stay valid and unchanged until the put
/// has ended. The digests are those of the body, computed once by the caller.
struct PutRequest {
    std::string_view key;
    std::span<const std::byte> body;
    Md5 md5;
    Sha256 sha256;
    std::string_view content_type;
    ObjectMeta meta;
    /// Store it only if there is no such object; Stale otherwise. Unsupported: the store cannot.
    bool only_if_absent = false;

    PutRequest() = default;
};

/// Where a get puts the bytes of an object; each memory is also the limit of what is accepted.
struct ReadTarget {
    std::span<std::byte> plain;    // of an object without an encoding
    std::span<std::byte> encoded;  // of one with an encoding; empty: `plain` takes it, too
    /// The caller checks the HMAC of a body that has one: its checksum need not be compared.
    bool hmac_is_checked = false;
    /// That the object is missing is an error (Stale), after all retries.
    bool must_exist = false;

    ReadTarget() = default;
    // NOLINTBEGIN(google-explicit-constructor): any writable memory is a target
    ReadTarget(std::span<std::byte> into) : plain(into) {}
    template <class Memory>
        requires std::convertible_to<Memory&, std::span<std::byte>>
    ReadTarget(Memory& into) : plain(into) {}
    // NOLINTEND(google-explicit-constructor)
    ReadTarget(std::span<std::byte> p, std::span<std::byte> e) : plain(p), encoded(e) {}
    /// The most bytes that a get may write.
    ByteCount longest() const { return ByteCount(std::max(plain.size(), encoded.size())); }
};

/// What a get received. `length` bytes were written to the start of the caller's memory: of
/// ReadTarget::encoded if `encoded`, else of ReadTarget::plain.
struct GetReply {
    ByteCount length;
    bool encoded = false;
    ETag etag;
    ObjectMeta meta;

    GetReply() = default;
};

/// What a get expects of the object's version.
struct Precondition {
    enum class Kind { None, Match, NoneMatch };
    Kind kind = Kind::None;
    Md5 etag;

    Precondition() = default;
    Precondition(Kind k, Md5 e) : kind(k), etag(e) {}
};

/// Which keys a list names: those that begin with `prefix` and come after `after`, in the order of
/// their bytes, the first `max_keys` of them at the most.
struct ListRequest {
    std::string_view prefix;
    std::string_view after;  // a whole key or what could be one; empty: from the first
    uint32_t max_keys = 1000;

    ListRequest() = default;
};

struct ListedObject {
    std::string key;
    ETag etag;

    ListedObject() = default;
    ListedObject(std::string k, ETag e) : key(std::move(k)), etag(e) {}
};

/// One page of a list. Every key lies behind that of the request and behind the one before it.
struct ListPage {
    std::vector<ListedObject> objects;
    bool truncated = false;  // more keys may follow; then there is at least one object

    ListPage() = default;
};

/// Objects by key. Belongs to the reactor's thread. Every call does all retries of its own
/// (wire-format.md 3.4) and then fails for good. The caller sees to it that no two calls for the
/// same key are under way at once. `ticket`, which must outlive the call, says how urgent it is: a
/// store with a network takes a place for each attempt and leaves it in the pauses between; without
/// one the call counts as Urgency::Demand.
class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    /// Reads the object `key` into `into` (one that does not fit is BadReply). Errors: NotFound;
    /// Unchanged (NoneMatch and the version is there); Stale (Match and another version is there,
    /// after all retries); others as they come. On an error the content of `into` is undefined.
    virtual Task<Result<GetReply>> get(std::string_view key, ReadTarget into,
                                       Precondition precondition, Ticket* ticket = nullptr) = 0;
    /// Stores an object; yields the ETag that the store gave it. On any error the store may hold
    /// the old object or the new one; OutcomeUnknown says that it may yet change later. After a
    /// success nothing of this call changes it any more, as far as time can make sure of that.
    virtual Task<Result<ETag>> put(const PutRequest& request, Ticket* ticket = nullptr) = 0;
    /// Removes an object; one that does not exist is success. Errors as for put().
    virtual Task<Result<void>> remove(std::string_view key, Ticket* ticket = nullptr) = 0;
    /// Removes many objects (1000 at the most) at once; yields the keys that are still there.
    /// Errors: Unsupported (remove each by itself), others as for put().
    virtual Task<Result<std::vector<std::string>>> remove_many(std::span<const std::string> keys,
                                                               Ticket* ticket = nullptr) = 0;
    /// A page of the keys there are. Errors: BadReply (also a page out of order), others as they
    /// come.
    virtual Task<Result<ListPage>> list(const ListRequest& request, Ticket* ticket = nullptr) = 0;
    /// Ends the lists that are under way as soon as may be, with Cancelled, and all later ones: no
    /// one waits for a survey that is not needed any more.
    virtual void stop_lists() {}
    /// The metadata of an object. Errors: NotFound, others as they come.
    virtual Task<Result<ObjectMeta>> head(std::string_view key) = 0;
    /// Makes all that has ended well so far survive a crash of the machine (directories only; an S3
    /// store has nothing to do).
    virtual Task<Result<void>> flush() = 0;
    /// Ends what is under way as soon as may be, with Cancelled. Later calls fail with Cancelled.
    virtual void cancel_all() = 0;

    const StoreCounters& counters() const { return counters_; }
    void reset_counters() { counters_ = StoreCounters{}; }

protected:
    StoreCounters counters_;
};

}  // namespace s3b::net
