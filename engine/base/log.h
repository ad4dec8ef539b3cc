// SPDX-License-Identifier: Apache-2.0
// Log lines: what happened, what we do next, then key=value pairs. error = data at risk,
// warn = degraded, info = life cycle, debug = on request. Hot paths count, they do not log.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/types.h"

namespace s3b::log {

enum class Level { Debug, Info, Warn, Error };

/// Where lines go: stderr ("YYYY-MM-DD HH:MM:SS LEVEL: text") until the daemon detaches, then
/// syslog, facility user. Source: command-line.md 1.5.
enum class Target { Stderr, Syslog };

void set_target(Target target);
void set_debug(bool enabled);
bool debug_enabled();

/// One key with its value as text. Values with blanks, quotes or control characters are quoted when
/// printed, and control characters become blanks.
struct Pair {
    std::string_view key;
    std::string value;
};

Pair kv(std::string_view key, std::string_view value);
Pair kv(std::string_view key, const char* value);
Pair kv(std::string_view key, uint64_t value);
Pair kv(std::string_view key, int64_t value);
Pair kv(std::string_view key, int value);
Pair kv(std::string_view key, bool value);
Pair kv(std::string_view key, BlockNumber value);  // 8 hex digits, as in object names
Pair kv(std::string_view key, ByteCount value);
Pair kv(std::string_view key, BlockCount value);
Pair kv(std::string_view key, Duration value);  // milliseconds with "ms"
Pair kv(std::string_view key, const Error& value);

/// Writes one line. At most kLinesPerSecond lines of one text are written a second; the next line
/// of that text says how many were left out. Thread-safe.
void write(Level level, const char* text, std::initializer_list<Pair> pairs);
inline constexpr int kLinesPerSecond = 10;
/// The same without that limit: for what somebody has asked to see in full. Thread-safe.
void write_unlimited(Level level, const char* text, std::initializer_list<Pair> pairs);

template <class... Pairs>
void debug(const char* text, Pairs&&... pairs) {
    if (debug_enabled()) write(Level::Debug, text, {std::forward<Pairs>(pairs)...});
}
template <class... Pairs>
void info(const char* text, Pairs&&... pairs) {
    write(Level::Info, text, {std::forward<Pairs>(pairs)...});
}
template <class... Pairs>
void warn(const char* text, Pairs&&... pairs) {
    write(Level::Warn, text, {std::forward<Pairs>(pairs)...});
}
template <class... Pairs>
void error(const char* text, Pairs&&... pairs) {
    write(Level::Error, text, {std::forward<Pairs>(pairs)...});
}

}  // namespace s3b::log
