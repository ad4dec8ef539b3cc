// SPDX-License-Identifier: Apache-2.0
#include "net/timestamp.h"

#include <algorithm>
#include <chrono>

namespace s3b::net {

namespace {

constexpr int kGreatestYear = 2200;  // nanoseconds of 64 bits end in 2262

/// Takes numbers and separators from the front of a text; remembers whether all were there.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    int digits(size_t count) {
        int number = 0;
        for (size_t i = 0; i < count; ++i) number = 10 * number + digit();
        return number;
    }
    void one_of(std::string_view characters) {
        ok_ = ok_ && !rest_.empty() && characters.find(rest_.front()) != std::string_view::npos;
        if (ok_) rest_.remove_prefix(1);
    }
    void fraction() {
        if (next() != '.') return;
        rest_.remove_prefix(1);
        digit();
        while (next() >= '0' && next() <= '9') rest_.remove_prefix(1);
    }
    char next() const { return rest_.empty() ? '\0' : rest_.front(); }
    bool complete() const { return ok_ && rest_.empty(); }

private:
    int digit() {
        const char c = next();
        ok_ = ok_ && c >= '0' && c <= '9';
        if (!ok_) return 0;
        rest_.remove_prefix(1);
        return c - '0';
    }

    std::string_view rest_;
    bool ok_ = true;
};

}  // namespace

std::optional<WallTime> parse_timestamp(std::string_view text) {
    using namespace std::chrono;
    Reader reader(text);
    const int year_number = reader.digits(4);
    reader.one_of("-");
    const auto month_number = static_cast<unsigned>(reader.digits(2));
    reader.one_of("-");
    const auto day_number = static_cast<unsigned>(reader.digits(2));
    reader.one_of("Tt ");
    const int hour_number = reader.digits(2);
    reader.one_of(":");
    const int minute_number = reader.digits(2);
    reader.one_of(":");
    const int second_number = reader.digits(2);
    reader.fraction();
    const char zone = reader.next();
    reader.one_of("Zz+-");
    minutes east{};
    if (zone == '+' || zone == '-') {
        east = hours(reader.digits(2));
        reader.one_of(":");
        east += minutes(reader.digits(2));
        if (zone == '-') east = -east;
    }
    const auto date = year(year_number) / month(month_number) / day(day_number);
    if (!reader.complete() || !date.ok()) return std::nullopt;
    if (hour_number > 23 || minute_number > 59 || second_number > 60) return std::nullopt;
    const auto since_1970 = sys_days(date).time_since_epoch() + hours(hour_number) +
                            minutes(minute_number) + seconds(second_number) - east;
    const sys_days latest = year(kGreatestYear) / January / 1;
    return WallTime(std::clamp<seconds>(since_1970, seconds(0), latest.time_since_epoch()));
}

}  // namespace s3b::net
