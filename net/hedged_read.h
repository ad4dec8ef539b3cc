// SPDX-License-Identifier: Apache-2.0
// Hedged reads (hedgeReads=PERCENTILE): a read that takes longer than most is sent once more, and
// the first good answer counts. It costs at most 5 % more requests and cuts the slowest reads.
#pragma once

#include <optional>

#include "engine/base/buffer.h"
#include "engine/base/result.h"
#include "engine/reactor/task.h"
#include "net/http.h"
#include "net/latency_tracker.h"
#include "net/object_store.h"
#include "net/store_counters.h"
#include "net/transfer.h"

namespace s3b::net {

/// One way to get the answer to a read.
class ReadAttempt {
public:
    /// Whether it could run at once. Asked before a second attempt.
    virtual bool available() { return true; }
    /// Called at most once.
    virtual Task<Result<HttpReply>> run() = 0;
    /// run() ends soon, with Cancelled or whatever it has got. No effect before or after it.
    virtual void cancel() = 0;
    /// Its answer is the one that counts, and no other attempt runs any more.
    virtual void won(const HttpReply&) {}

protected:
    ~ReadAttempt() = default;
};

/// Decides which reads are sent twice. One a store. Belongs to the reactor's thread.
class HedgedReads {
public:
    /// Each read pays in kIncome, a second request costs kCost, and no more than kMostSaved is
    /// kept: at most 5 % more requests in the long run, and at most 10 in a row.
    static constexpr uint32_t kIncome = 5;
    static constexpr uint32_t kCost = 100;
    static constexpr uint32_t kMostSaved = 10 * kCost;

    /// `percentile` of the times of the last reads: 50 to 99.99; 0 = never a second attempt.
    /// `counters` outlives it.
    HedgedReads(double percentile, StoreCounters& counters);
    HedgedReads(const HedgedReads&) = delete;
    HedgedReads& operator=(const HedgedReads&) = delete;

    bool enabled() const { return percentile_ > 0; }
    /// Runs `first`, and `second` if `first` has not ended within the percentile, there is a budget
    /// and `second` is available. Yields the first good answer (is_good) after it has cancelled the
    /// other attempt and waited for its end; what `first` has ended with if there is none.
    Task<Result<HttpReply>> read(ReadAttempt& first, ReadAttempt& second);

    /// Whether an answer is as good as any: not 408, 429 or 5xx, which another request may not get.
    static bool is_good(const Result<HttpReply>& reply);

private:
    Task<Result<HttpReply>> read_within(Duration patience, ReadAttempt& first, ReadAttempt& second);
    std::optional<Duration> patience() const;

    double percentile_;
    StoreCounters& counters_;
    LatencyTracker latencies_;
    uint32_t saved_ = 0;
};

/// A request as it is, in a place that the caller has.
class RequestAttempt final : public ReadAttempt {
public:
    /// All of them outlive it.
    RequestAttempt(Transfer& transfer, const Transfer::Place& place, const HttpRequest& request)
        : transfer_(transfer), place_(place), request_(request) {}
    Task<Result<HttpReply>> run() override;
    void cancel() override { exchange_.cancel(); }

private:
    Transfer& transfer_;
    const Transfer::Place& place_;
    const HttpRequest& request_;
    Exchange exchange_;
};

/// The same read again. It costs nothing before it runs: only then is the request made (a second
/// signature) and a buffer found; its bytes are copied to where the first attempt writes if they
/// count.
class RepeatedAttempt final : public ReadAttempt {
public:
    /// Makes the request, with other memory of the same sizes. The two parts of it share bytes: an
    /// answer goes to one of them. Never awaited: an ordinary call.
    class Source {
    public:
        virtual HttpRequest request(ReadTarget into) = 0;

    protected:
        ~Source() = default;
    };

    /// `into` is where the first attempt writes. All of them outlive it.
    RepeatedAttempt(Transfer& transfer, Source& source, ReadTarget into)
        : transfer_(transfer), source_(source), into_(into) {}
    /// Takes a place if one is free: a second attempt shall not delay other reads.
    bool available() override;
    Task<Result<HttpReply>> run() override;
    void cancel() override { exchange_.cancel(); }
    void won(const HttpReply& reply) override;

private:
    Transfer& transfer_;
    Source& source_;
    ReadTarget into_;
    std::optional<Transfer::Place> place_;
    Buffer buffer_;
    Exchange exchange_;
};

}  // namespace s3b::net
