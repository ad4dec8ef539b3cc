// SPDX-License-Identifier: Apache-2.0
// An ObjectStore in memory that runs on the scheduler alone, so that simulations own its time.
// It delays, holds, fails and forgets answers as told, counts calls, and CHECKs what the callers
// of an ObjectStore promise: one call a key at a time, a body that stays as its digest says.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reactor/sync.h"
#include "net/object_store.h"

namespace s3b::net {

/// Belongs to the thread of the scheduler. Must outlive the calls under way.
class FakeBucket final : public ObjectStore {
public:
    /// The key of a List is that which it lists after; a RemoveMany fails for single keys, or as a
    /// whole: then its key is empty.
    enum class Verb { Get, Put, Remove, Head, List, RemoveMany };

    /// One object as it is stored.
    struct Object {
        std::vector<std::byte> body;
        ETag etag;
        ObjectMeta meta;
        std::string content_type;
    };

    FakeBucket() = default;

    // As every ObjectStore.
    Task<Result<GetReply>> get(std::string_view key, ReadTarget into, Precondition precondition,
                               Ticket* ticket = nullptr) override;
    Task<Result<ETag>> put(const PutRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<void>> remove(std::string_view key, Ticket* ticket = nullptr) override;
    Task<Result<std::vector<std::string>>> remove_many(std::span<const std::string> keys,
                                                       Ticket* ticket = nullptr) override;
    Task<Result<ListPage>> list(const ListRequest& request, Ticket* ticket = nullptr) override;
    Task<Result<ObjectMeta>> head(std::string_view key) override;
    Task<Result<void>> flush() override;
    void cancel_all() override;

    /// How long each call takes; 0 = it ends in the next turn. An object changes, or is looked at,
    /// at the end of the delay; a list looks at them in its middle.
    void set_delay(Duration delay);
    /// The same, chosen for each call (from a seed, say). Replaces set_delay().
    void set_delay(std::function<Duration(Verb, std::string_view key)> delay);

    // Faults. An empty key means any key; a fault for the exact key comes first, then older ones.

    /// The next `count` calls fail with `code` after their delay and change nothing.
    void fail_next(Verb verb, std::string_view key, Errc code, int count = 1);
    /// The next `count` puts or removes take effect and report OutcomeUnknown.
    void lose_reply(Verb verb, std::string_view key, int count = 1);
    /// The next put or remove reports OutcomeUnknown now and takes effect `later` after that, even
    /// over a newer object.
    void apply_late(Verb verb, std::string_view key, Duration later);
    /// From now on calls wait before their delay until release() of the same verb and key.
    void hold(Verb verb, std::string_view key);
    void release(Verb verb, std::string_view key);
    /// Takes all faults and holds back, but for those that calls under way have met already.
    void clear_faults();
    /// No reply carries an ETag while set.
    void omit_etags(bool omit) { omit_etags_ = omit; }
    /// While set, new objects have ETags that are not the MD5 of their bytes.
    void invent_etags(bool invent) { invent_etags_ = invent; }
    /// What PutRequest::only_if_absent does.
    enum class Conditions { Honoured, Ignored, Unsupported };
    void set_conditions(Conditions conditions) { conditions_ = conditions; }
    /// From now on a get may show what there was before a change, for up to `longest` after it, and
    /// a list may miss an object; a get that must see one version is repeated until it does, within
    /// that time. `choose` yields a number below its argument.
    void show_old_versions(Duration longest, std::function<uint32_t(uint32_t)> choose);
    /// Calls for one key at once are no mistake of the test's: they are of several processes.
    void allow_several_clients() { several_clients_ = true; }
    /// A page of a list has so many keys at the most; 0 = as many as were asked for.
    void set_page_limit(uint32_t keys) { page_limit_ = keys; }
    /// While set, lists show nothing.
    void hide_from_lists(bool hide) { lists_hidden_ = hide; }
    /// While set, lists begin anew with each page, as a store does that does not know `after`.
    void ignore_after(bool ignore) { ignore_after_ = ignore; }
    /// Takes calls again after cancel_all().
    void revive() { cancelled_ = false; }

    // The content, at once and uncounted.

    void set(std::string_view key, std::span<const std::byte> body, ObjectMeta meta = ObjectMeta());
    void erase(std::string_view key);
    /// nullptr if there is none. Valid until the next change of that object.
    const Object* find(std::string_view key);
    const std::map<std::string, Object, std::less<>>& objects();

    // What was asked: calls started, whatever became of them.

    int get_count(std::string_view key) const { return count(Verb::Get, key); }
    int put_count(std::string_view key) const { return count(Verb::Put, key); }
    int remove_count(std::string_view key) const { return count(Verb::Remove, key); }
    int head_count(std::string_view key) const { return count(Verb::Head, key); }
    /// Calls of remove_many() that named `key`.
    int remove_many_count(std::string_view key) const { return count(Verb::RemoveMany, key); }
    /// Calls of `verb` over all keys.
    int total(Verb verb) const;
    int flush_count() const { return flushes_; }
    /// The shortest time from the end of a put or remove to the begin of the next one of that key.
    Duration closest_changes() const { return closest_changes_; }
    /// Calls that wait at a hold.
    int held() const { return held_; }
    /// Calls of `verb` under way now, and the most there ever were at once.
    int under_way(Verb verb) const { return under_way_[index_of(verb)]; }
    int peak(Verb verb) const { return peak_[index_of(verb)]; }
    int peak_puts() const { return peak(Verb::Put); }

private:
    enum class Effect { Normal, Fail, LoseReply, ApplyLate };
    struct Fault {
        Verb verb;
        std::string key;
        int left;
        Effect effect;
        Errc code;
        Duration later;
    };
    struct LateChange {
        Instant due;
        std::string key;
        bool removes;
        Object object;
    };
    /// What a get may show of a key that has changed since; no object: that there was none.
    struct OldVersion {
        Instant until;
        std::optional<Object> object;
    };
    /// Counts a call of one verb for some keys, and keeps them for its time. The key of a list is
    /// counted only.
    class Call {
    public:
        Call(FakeBucket& bucket, Verb verb, std::vector<std::string> keys);
        ~Call();
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

    private:
        bool changes() const { return verb_ == Verb::Put || verb_ == Verb::Remove; }
        FakeBucket& bucket_;
        Verb verb_;
        std::vector<std::string> keys_;
    };

    static constexpr size_t kVerbs = 6;
    static constexpr Duration kRetryPause = std::chrono::milliseconds(100);
    static size_t index_of(Verb verb) { return static_cast<size_t>(verb); }
    int count(Verb verb, std::string_view key) const;
    Duration delay_of(Verb verb, std::string_view key) const;
    bool is_held(Verb verb, std::string_view key) const;
    bool has_fault(Verb verb, std::string_view key) const;
    /// Takes the fault for this call off the list; Effect::Normal if there is none.
    Fault take_fault(Verb verb, std::string_view key);
    Task<Result<void>> pass_time(Verb verb, std::string_view key);
    Task<Result<void>> pass_hold(Verb verb, std::string_view key);
    Task<Result<void>> pass_delay(Duration delay);
    Task<Result<GetReply>> read_once(std::string_view key, ReadTarget into,
                                     Precondition precondition);
    /// `key` changes at `now`.
    void keep_old(std::string_view key, Instant now);
    /// find(), or an old version.
    const Object* look_at(std::string_view key);
    ListPage page_of(const ListRequest& request);
    void apply_late_changes();
    void change(std::string_view key, bool removes, Object object);
    Result<void> end_change(Verb verb, std::string_view key, Object object);

    std::map<std::string, Object, std::less<>> objects_;
    std::map<std::pair<Verb, std::string>, int> counts_;
    std::vector<Fault> faults_;
    std::vector<LateChange> late_;
    std::set<std::pair<Verb, std::string>> holds_;
    std::multiset<std::string, std::less<>> keys_under_way_;
    std::map<std::string, std::vector<OldVersion>, std::less<>> old_;
    Duration old_for_{};  // 0: none is shown
    std::function<uint32_t(uint32_t)> choose_;
    std::map<std::string, Instant, std::less<>> last_changes_;
    Duration closest_changes_ = Duration::max();
    std::function<Duration(Verb, std::string_view)> delay_;
    WaitQueue delays_;
    WaitQueue released_;
    uint32_t page_limit_ = 0;
    bool lists_hidden_ = false;
    bool ignore_after_ = false;
    bool omit_etags_ = false;
    bool invent_etags_ = false;
    bool several_clients_ = false;
    Conditions conditions_ = Conditions::Honoured;
    bool cancelled_ = false;
    int held_ = 0;
    int flushes_ = 0;
    std::array<int, kVerbs> under_way_{};
    std::array<int, kVerbs> peak_{};
};

}  // namespace s3b::net
