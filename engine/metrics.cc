// SPDX-License-Identifier: Apache-2.0
#include "engine/metrics.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include <nlohmann/json.hpp>

namespace s3b {

namespace {

/// A line of the statistics file.
struct Line {
    std::string_view label;
    std::string_view value;
    std::string_view unit;  // empty, "blocks" or "sec"
};

std::string_view next_word(std::string_view& text) {
    const size_t begin = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(begin);
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

template <class Each>
void for_lines(std::string_view text, Each each) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        Line parsed;
        parsed.label = next_word(line);
        parsed.value = next_word(line);
        parsed.unit = next_word(line);
        if (!parsed.label.empty()) each(parsed);
    }
}

/// What may fall: sizes, shares, averages, what waits.
bool is_gauge(const Line& line) {
    const auto has = [&line](std::string_view part) {
        return line.label.find(part) != std::string_view::npos;
    };
    return line.unit == "blocks" || has("_ratio") || has("_avg_") || has("_bytes") ||
           has("_to_be_") || has("_in_flight") || has("_age") || has("dirty_blocks") ||
           has("unverified_blocks");
}

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}

void add(std::string& text, std::initializer_list<std::string_view> parts) {
    for (const std::string_view part : parts) text += part;
}

void add_header(std::string& text, const std::string& name, const std::string& help,
                const char* type) {
    add(text, {"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"});
}

void add_line(std::string& text, const Line& line) {
    std::string name = "s3backer_" + std::string(line.label);
    const bool gauge = is_gauge(line);
    if (line.unit == "sec") name += "_seconds";
    if (!gauge) name += "_total";
    add_header(text, name, std::string(line.label) + " of the statistics file.",
               gauge ? "gauge" : "counter");
    add(text, {name, " ", line.value, "\n"});
}

void add_histogram(std::string& text, const std::string& name, const NamedHistogram& histogram) {
    const std::string operation = "operation=\"" + std::string(histogram.operation) + "\"";
    for (size_t i = 0; i < Histogram::kBounds.size(); ++i) {
        const std::string bound = number(Histogram::kBounds[i] / 1e6);
        const std::string count = std::to_string(histogram.times->within(i));
        add(text, {name, "_bucket{", operation, ",le=\"", bound, "\"} ", count, "\n"});
    }
    const std::string count = std::to_string(histogram.times->count());
    const std::string sum = number(seconds_of(histogram.times->sum()));
    add(text, {name, "_bucket{", operation, ",le=\"+Inf\"} ", count, "\n"});
    add(text, {name, "_sum{", operation, "} ", sum, "\n"});
    add(text, {name, "_count{", operation, "} ", count, "\n"});
}

}  // namespace

std::string metrics_as_json(const MetricsInput& input) {
    nlohmann::ordered_json json;
    for_lines(input.stats, [&json](const Line& line) {
        const std::string value(line.value);
        if (value.find('.') == std::string::npos) {
            json[std::string(line.label)] = std::strtoull(value.c_str(), nullptr, 10);
        } else {
            json[std::string(line.label)] = std::strtod(value.c_str(), nullptr);
        }
    });
    nlohmann::ordered_json& latencies = json["latencies"];
    latencies = nlohmann::ordered_json::object();
    for (const NamedHistogram& histogram : input.histograms) {
        nlohmann::ordered_json buckets = nlohmann::ordered_json::object();
        for (size_t i = 0; i < Histogram::kBounds.size(); ++i) {
            buckets[number(Histogram::kBounds[i] / 1e6)] = histogram.times->within(i);
        }
        latencies[std::string(histogram.family)][std::string(histogram.operation)] = {
            {"count", histogram.times->count()},
            {"seconds", seconds_of(histogram.times->sum())},
            {"buckets", buckets}};
    }
    return json.dump(1, ' ') + "\n";
}

std::string metrics_as_text(const MetricsInput& input) {
    std::string text;
    for_lines(input.stats, [&text](const Line& line) { add_line(text, line); });
    std::string_view family;
    for (const NamedHistogram& histogram : input.histograms) {
        const std::string name = "s3backer_" + std::string(histogram.family) + "_duration_seconds";
        if (histogram.family != family) {
            add_header(text, name, "How long operations took.", "histogram");
        }
        family = histogram.family;
        add_histogram(text, name, histogram);
    }
    if (input.requests.empty()) return text;
    const std::string name = "s3backer_fuse_requests_total";
    add_header(text, name, "Requests of the kernel.", "counter");
    for (const auto& [kind, count] : input.requests) {
        add(text, {name, "{kind=\"", kind, "\"} ", std::to_string(count), "\n"});
    }
    return text;
}

}  // namespace s3b
