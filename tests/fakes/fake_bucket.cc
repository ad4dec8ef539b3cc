// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_bucket.h"

#include <algorithm>
#include <utility>

#include "codec/hash.h"
#include "engine/base/check.h"

namespace s3b::net {

FakeBucket::Call::Call(FakeBucket& bucket, Verb verb, std::vector<std::string> keys)
    : bucket_(bucket), verb_(verb), keys_(std::move(keys)) {
    for (const std::string& key : keys_) {
        ++bucket.counts_[{verb, key}];
        if (verb == Verb::List || verb == Verb::Head) continue;
        CHECK(bucket.several_clients_ || !bucket.keys_under_way_.contains(key));
        const auto last = bucket.last_changes_.find(key);
        if (changes() && last != bucket.last_changes_.end()) {
            const Duration pause = Scheduler::current().now() - last->second;
            bucket.closest_changes_ = std::min(bucket.closest_changes_, pause);
        }
        bucket.keys_under_way_.insert(key);
    }
    int& under_way = bucket.under_way_[index_of(verb)];
    int& peak = bucket.peak_[index_of(verb)];
    ++under_way;
    peak = std::max(peak, under_way);
}

FakeBucket::Call::~Call() {
    --bucket_.under_way_[index_of(verb_)];
    if (verb_ == Verb::List || verb_ == Verb::Head) return;
    for (const std::string& key : keys_) {
        bucket_.keys_under_way_.erase(bucket_.keys_under_way_.find(key));
        if (changes()) bucket_.last_changes_[key] = Scheduler::current().now();
    }
}

Task<Result<GetReply>> FakeBucket::get(std::string_view key, ReadTarget into,
                                       Precondition precondition, Ticket*) {
    const Call call(*this, Verb::Get, {std::string(key)});
    const Instant give_up = Scheduler::current().now() + old_for_;
    for (;;) {
        Result<GetReply> reply = co_await read_once(key, into, precondition);
        const bool again = !reply.has_value() && reply.error().code == Errc::Stale &&
                           Scheduler::current().now() < give_up;
        if (!again) co_return reply;
        CO_TRY_VOID(co_await pass_delay(kRetryPause));
    }
}

Task<Result<GetReply>> FakeBucket::read_once(std::string_view key, ReadTarget into,
                                             Precondition precondition) {
    CO_TRY_VOID(co_await pass_time(Verb::Get, key));
    const Fault fault = take_fault(Verb::Get, key);
    if (fault.effect == Effect::Fail) co_return Error(fault.code, "injected");
    const Object* object = look_at(key);
    if (object == nullptr && into.must_exist) {
        co_return Error(Errc::Stale, "an object that must exist is missing");
    }
    if (object == nullptr) co_return Error(Errc::NotFound, "no such object");
    const bool same = object->etag.has_value() && *object->etag == precondition.etag;
    if (precondition.kind == Precondition::Kind::NoneMatch && same) {
        co_return Error(Errc::Unchanged, "the object has not changed");
    }
    if (precondition.kind == Precondition::Kind::Match && !same) {
        co_return Error(Errc::Stale, "the object has another version");
    }
    const bool encoded = !object->meta.content_encoding.empty() && !into.encoded.empty();
    const std::span<std::byte> target = encoded ? into.encoded : into.plain;
    if (object->body.size() > target.size()) co_return Error(Errc::BadReply, "object too long");
    std::ranges::copy(object->body, target.begin());
    ++counters_.gets;
    GetReply reply;
    reply.length = ByteCount(object->body.size());
    reply.encoded = encoded;
    if (!omit_etags_) reply.etag = object->etag;
    reply.meta = object->meta;
    co_return reply;
}

Task<Result<ETag>> FakeBucket::put(const PutRequest& request, Ticket*) {
    const Call call(*this, Verb::Put, {std::string(request.key)});
    CO_TRY_VOID(co_await pass_time(Verb::Put, request.key));
    CHECK(codec::md5(request.body) == request.md5);  // also: unchanged since the put began
    if (request.only_if_absent) {
        if (conditions_ == Conditions::Unsupported) {
            co_return Error(Errc::Unsupported, "no conditional writes");
        }
        if (conditions_ == Conditions::Honoured && find(request.key) != nullptr) {
            co_return Error(Errc::Stale, "there is such an object");
        }
    }
    Object object;
    object.body.assign(request.body.begin(), request.body.end());
    Md5 etag = request.md5;
    if (invent_etags_) etag.bytes[0] ^= std::byte{0xFF};
    object.etag = etag;
    object.meta = request.meta;
    object.content_type = request.content_type;
    CO_TRY_VOID(end_change(Verb::Put, request.key, std::move(object)));
    ++counters_.puts;
    if (omit_etags_) co_return ETag();
    co_return ETag(etag);
}

Task<Result<void>> FakeBucket::remove(std::string_view key, Ticket*) {
    const Call call(*this, Verb::Remove, {std::string(key)});
    CO_TRY_VOID(co_await pass_time(Verb::Remove, key));
    CO_TRY_VOID(end_change(Verb::Remove, key, Object()));
    ++counters_.deletes;
    co_return ok();
}

Task<Result<std::vector<std::string>>> FakeBucket::remove_many(std::span<const std::string> keys,
                                                               Ticket*) {
    CHECK(keys.size() <= 1000);
    const Call call(*this, Verb::RemoveMany, std::vector<std::string>(keys.begin(), keys.end()));
    CO_TRY_VOID(co_await pass_time(Verb::RemoveMany, ""));
    const Fault fault = take_fault(Verb::RemoveMany, "");
    if (fault.effect == Effect::Fail) co_return Error(fault.code, "injected");
    std::vector<std::string> left;
    for (const std::string& key : keys) {
        if (has_fault(Verb::RemoveMany, key)) {
            take_fault(Verb::RemoveMany, key);
            left.push_back(key);
        } else {
            change(key, true, Object());
            ++counters_.deletes;
        }
    }
    if (fault.effect != Effect::Normal) co_return Error(Errc::OutcomeUnknown, "injected: no reply");
    co_return left;
}

Task<Result<ListPage>> FakeBucket::list(const ListRequest& request, Ticket*) {
    const Call call(*this, Verb::List, {std::string(request.after)});
    CO_TRY_VOID(co_await pass_hold(Verb::List, request.after));
    const Duration delay = delay_of(Verb::List, request.after);
    CO_TRY_VOID(co_await pass_delay(delay / 2));
    ListPage page = page_of(request);
    CO_TRY_VOID(co_await pass_delay(delay - delay / 2));
    const Fault fault = take_fault(Verb::List, request.after);
    if (fault.effect == Effect::Fail) co_return Error(fault.code, "injected");
    co_return page;
}

ListPage FakeBucket::page_of(const ListRequest& request) {
    const uint32_t limit =
        page_limit_ == 0 ? request.max_keys : std::min(request.max_keys, page_limit_);
    const std::string_view after = ignore_after_ ? std::string_view() : request.after;
    ListPage page;
    if (lists_hidden_) return page;
    apply_late_changes();
    auto object =
        after < request.prefix ? objects_.lower_bound(request.prefix) : objects_.upper_bound(after);
    for (; object != objects_.end() && object->first.starts_with(request.prefix); ++object) {
        const Object* const seen = look_at(object->first);
        if (seen == nullptr) continue;
        page.truncated = page.objects.size() == limit;
        if (page.truncated) break;
        page.objects.emplace_back(object->first, omit_etags_ ? ETag() : seen->etag);
    }
    return page;
}

Task<Result<ObjectMeta>> FakeBucket::head(std::string_view key) {
    const Call call(*this, Verb::Head, {std::string(key)});
    CO_TRY_VOID(co_await pass_time(Verb::Head, key));
    const Fault fault = take_fault(Verb::Head, key);
    if (fault.effect == Effect::Fail) co_return Error(fault.code, "injected");
    const Object* object = find(key);
    if (object == nullptr) co_return Error(Errc::NotFound, "no such object");
    ObjectMeta meta = object->meta;
    if (!omit_etags_) meta.etag = object->etag;
    co_return meta;
}

Task<Result<void>> FakeBucket::flush() {
    ++flushes_;
    co_await yield();
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    co_return ok();
}

void FakeBucket::cancel_all() {
    cancelled_ = true;
    delays_.wake_all();
    released_.wake_all();
}

void FakeBucket::set_delay(Duration delay) {
    delay_ = [delay](Verb, std::string_view) { return delay; };
}

void FakeBucket::set_delay(std::function<Duration(Verb, std::string_view key)> delay) {
    delay_ = std::move(delay);
}

void FakeBucket::fail_next(Verb verb, std::string_view key, Errc code, int count) {
    faults_.push_back({verb, std::string(key), count, Effect::Fail, code, Duration{}});
}

void FakeBucket::lose_reply(Verb verb, std::string_view key, int count) {
    faults_.push_back(
        {verb, std::string(key), count, Effect::LoseReply, Errc::OutcomeUnknown, Duration{}});
}

void FakeBucket::apply_late(Verb verb, std::string_view key, Duration later) {
    faults_.push_back({verb, std::string(key), 1, Effect::ApplyLate, Errc::OutcomeUnknown, later});
}

void FakeBucket::clear_faults() {
    faults_.clear();
    holds_.clear();
    released_.wake_all();
}

void FakeBucket::hold(Verb verb, std::string_view key) { holds_.insert({verb, std::string(key)}); }

void FakeBucket::release(Verb verb, std::string_view key) {
    holds_.erase({verb, std::string(key)});
    released_.wake_all();
}

void FakeBucket::set(std::string_view key, std::span<const std::byte> body, ObjectMeta meta) {
    Object object;
    object.body.assign(body.begin(), body.end());
    object.etag = codec::md5(body);
    object.meta = std::move(meta);
    change(key, false, std::move(object));
}

void FakeBucket::erase(std::string_view key) { change(key, true, Object()); }

const FakeBucket::Object* FakeBucket::find(std::string_view key) {
    apply_late_changes();
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : &found->second;
}

const std::map<std::string, FakeBucket::Object, std::less<>>& FakeBucket::objects() {
    apply_late_changes();
    return objects_;
}

int FakeBucket::total(Verb verb) const {
    int sum = 0;
    for (const auto& [call, calls] : counts_) {
        if (call.first == verb) sum += calls;
    }
    return sum;
}

int FakeBucket::count(Verb verb, std::string_view key) const {
    const auto found = counts_.find({verb, std::string(key)});
    return found == counts_.end() ? 0 : found->second;
}

Duration FakeBucket::delay_of(Verb verb, std::string_view key) const {
    return delay_ ? delay_(verb, key) : Duration{};
}

bool FakeBucket::is_held(Verb verb, std::string_view key) const {
    return holds_.contains({verb, std::string(key)}) || holds_.contains({verb, std::string()});
}

FakeBucket::Fault FakeBucket::take_fault(Verb verb, std::string_view key) {
    for (const bool exact : {true, false}) {
        const auto found = std::ranges::find_if(faults_, [&](const Fault& fault) {
            return fault.verb == verb && (exact ? fault.key == key : fault.key.empty());
        });
        if (found == faults_.end()) continue;
        const Fault taken = *found;
        --found->left;
        if (found->left <= 0) faults_.erase(found);
        return taken;
    }
    return {verb, std::string(), 0, Effect::Normal, Errc::Io, Duration{}};
}

bool FakeBucket::has_fault(Verb verb, std::string_view key) const {
    return std::ranges::any_of(
        faults_, [&](const Fault& fault) { return fault.verb == verb && fault.key == key; });
}

Task<Result<void>> FakeBucket::pass_time(Verb verb, std::string_view key) {
    CO_TRY_VOID(co_await pass_hold(verb, key));
    co_return co_await pass_delay(delay_of(verb, key));
}

Task<Result<void>> FakeBucket::pass_hold(Verb verb, std::string_view key) {
    while (!cancelled_ && is_held(verb, key)) {
        ++held_;
        co_await released_.wait();
        --held_;
    }
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    co_return ok();
}

Task<Result<void>> FakeBucket::pass_delay(Duration delay) {
    if (!cancelled_ && delay > Duration{}) {
        co_await delays_.wait_until(Scheduler::current().now() + delay);
    } else {
        co_await yield();  // no store answers before the caller has gone on
    }
    if (cancelled_) co_return Error(Errc::Cancelled, "shutting down");
    co_return ok();
}

void FakeBucket::apply_late_changes() {
    const Instant now = Scheduler::current().now();
    for (auto late = late_.begin(); late != late_.end();) {
        if (late->due > now) {
            ++late;
            continue;
        }
        LateChange due = std::move(*late);
        late = late_.erase(late);
        keep_old(due.key, due.due);
        if (due.removes) {
            objects_.erase(due.key);
        } else {
            objects_.insert_or_assign(due.key, std::move(due.object));
        }
    }
}

void FakeBucket::change(std::string_view key, bool removes, Object object) {
    apply_late_changes();
    keep_old(key, Scheduler::current().now());
    if (removes) {
        if (const auto found = objects_.find(key); found != objects_.end()) objects_.erase(found);
    } else {
        objects_.insert_or_assign(std::string(key), std::move(object));
    }
}

void FakeBucket::show_old_versions(Duration longest, std::function<uint32_t(uint32_t)> choose) {
    old_for_ = longest;
    choose_ = std::move(choose);
}

void FakeBucket::keep_old(std::string_view key, Instant now) {
    if (old_for_ == Duration::zero()) return;
    OldVersion old{now + old_for_, std::nullopt};
    if (const auto found = objects_.find(key); found != objects_.end()) old.object = found->second;
    old_[std::string(key)].push_back(std::move(old));
}

const FakeBucket::Object* FakeBucket::look_at(std::string_view key) {
    const Object* const newest = find(key);
    const auto found = old_.find(key);
    if (found == old_.end()) return newest;
    std::vector<OldVersion>& old = found->second;
    const Instant now = Scheduler::current().now();
    std::erase_if(old, [now](const OldVersion& version) { return version.until <= now; });
    const uint32_t choice = choose_(static_cast<uint32_t>(old.size()) + 1);
    if (choice == old.size()) return newest;
    return old[choice].object ? &*old[choice].object : nullptr;
}

Result<void> FakeBucket::end_change(Verb verb, std::string_view key, Object object) {
    const Fault fault = take_fault(verb, key);
    const bool removes = verb == Verb::Remove;
    switch (fault.effect) {
        case Effect::Normal: change(key, removes, std::move(object)); return ok();
        case Effect::Fail: return Error(fault.code, "injected");
        case Effect::LoseReply:
            change(key, removes, std::move(object));
            return Error(Errc::OutcomeUnknown, "injected: applied, reply lost");
        case Effect::ApplyLate:
            late_.push_back({Scheduler::current().now() + fault.later, std::string(key), removes,
                             std::move(object)});
            return Error(Errc::OutcomeUnknown, "injected: not yet applied");
    }
    return Error(Errc::Io, "not reached");
}

}  // namespace s3b::net
