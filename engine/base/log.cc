// SPDX-License-Identifier: Apache-2.0
#include "engine/base/log.h"

#include <syslog.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <unordered_map>

namespace s3b::log {

namespace {

struct Rate {
    time_t second = 0;
    int lines = 0;
    int left_out = 0;
};

struct State {
    std::mutex mutex;
    std::unordered_map<const char*, Rate> rates;  // one entry a log statement: bounded by the code
    std::atomic<Target> target = Target::Stderr;
    std::atomic<bool> debug = false;
};

State& state() {
    static State the_state;
    return the_state;
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
    char text[64];
    std::snprintf(text, sizeof text, pattern, args...);
    return text;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool needs_quotes(std::string_view value) {
    return value.empty() || std::ranges::any_of(value, [](char c) {
               return c == ' ' || c == '"' || c == '=' || is_control(c);
           });
}

void append_value(std::string& line, std::string_view value) {
    if (!needs_quotes(value)) {
        line += value;
        return;
    }
    line += '"';
    for (char c : value) {
        if (c == '"' || c == '\\') line += '\\';
        line += is_control(c) ? ' ' : c;  // nobody forges lines or drives a terminal
    }
    line += '"';
}

/// Whether a line of `text` may be written now; `left_out` = lines of it that were not, so far.
bool admit(const char* text, int& left_out) {
    State& s = state();
    const std::lock_guard lock(s.mutex);
    Rate& rate = s.rates[text];
    const time_t now = std::time(nullptr);
    if (rate.second != now) {
        rate.second = now;
        rate.lines = 0;
    }
    if (rate.lines >= kLinesPerSecond) {
        ++rate.left_out;
        return false;
    }
    ++rate.lines;
    left_out = rate.left_out;
    rate.left_out = 0;
    return true;
}

const char* name_of(Level level) {
    switch (level) {
        case Level::Debug: return "DEBUG";
        case Level::Info: return "INFO";
        case Level::Warn: return "WARNING";
        case Level::Error: return "ERROR";
    }
    return "?";
}

int priority_of(Level level) {
    switch (level) {
        case Level::Debug: return LOG_DEBUG;
        case Level::Info: return LOG_INFO;
        case Level::Warn: return LOG_WARNING;
        case Level::Error: return LOG_ERR;
    }
    return LOG_ERR;
}

void print(Level level, const char* text, std::initializer_list<Pair> pairs, int left_out) {
    std::string line = text;
    for (const Pair& pair : pairs) {
        line += ' ';
        line += pair.key;
        line += '=';
        append_value(line, pair.value);
    }
    if (left_out > 0) line += " (and " + std::to_string(left_out) + " more such lines)";
    if (state().target == Target::Syslog) {
        syslog(priority_of(level), "%s: %s", name_of(level), line.c_str());
        return;
    }
    const time_t now = std::time(nullptr);
    tm local{};
    localtime_r(&now, &local);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local);
    std::fprintf(stderr, "%s %s: %s\n", stamp, name_of(level), line.c_str());
}

}  // namespace

void set_target(Target target) { state().target = target; }
void set_debug(bool enabled) { state().debug = enabled; }
bool debug_enabled() { return state().debug.load(std::memory_order_relaxed); }

Pair kv(std::string_view key, std::string_view value) { return {key, std::string(value)}; }
Pair kv(std::string_view key, const char* value) { return {key, std::string(value)}; }
Pair kv(std::string_view key, uint64_t value) { return {key, format("%" PRIu64, value)}; }
Pair kv(std::string_view key, int64_t value) { return {key, format("%" PRId64, value)}; }
Pair kv(std::string_view key, int value) { return {key, format("%d", value)}; }
Pair kv(std::string_view key, bool value) { return {key, value ? "yes" : "no"}; }
Pair kv(std::string_view key, BlockNumber value) {
    return {key, format("%08" PRIx32, value.value)};
}
Pair kv(std::string_view key, ByteCount value) { return kv(key, value.value); }
Pair kv(std::string_view key, BlockCount value) { return kv(key, value.value); }
Pair kv(std::string_view key, Duration value) {
    return {key, format("%" PRId64 "ms",
                        static_cast<int64_t>(
                            std::chrono::duration_cast<std::chrono::milliseconds>(value).count()))};
}
Pair kv(std::string_view key, const Error& value) { return {key, describe(value)}; }

void write(Level level, const char* text, std::initializer_list<Pair> pairs) {
    int left_out = 0;
    if (admit(text, left_out)) print(level, text, pairs, left_out);
}

void write_unlimited(Level level, const char* text, std::initializer_list<Pair> pairs) {
    print(level, text, pairs, 0);
}

}  // namespace s3b::log
