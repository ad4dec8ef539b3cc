// SPDX-License-Identifier: Apache-2.0
#include "engine/metrics.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace s3b {
namespace {

using std::chrono::microseconds;

class MetricsTest : public ::testing::Test {
protected:
    MetricsTest() {
        times_.record(microseconds(10));
        times_.record(microseconds(11));
        times_.record(std::chrono::seconds(100));
        input_.stats =
            "http_gets                    12\n"
            "http_avg_get_time            0.250 sec\n"
            "block_cache_current_size     7 blocks\n"
            "block_cache_dirty_ratio      0.50000000\n";
        input_.histograms = {{"fuse", "read", &times_}, {"fuse", "write", &none_}};
        input_.requests = {{"READ", 3}};
    }
    static bool has_line(const std::string& text, const std::string& line) {
        return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
    }

    Histogram times_;
    Histogram none_;
    MetricsInput input_;
};

TEST_F(MetricsTest, AHistogramCountsWhatIsWithinEachBound) {
    EXPECT_EQ(times_.within(0), 1U);
    EXPECT_EQ(times_.within(1), 2U);
    EXPECT_EQ(times_.within(Histogram::kBounds.size() - 1), 2U);
    EXPECT_EQ(times_.count(), 3U);
    EXPECT_EQ(times_.sum(), std::chrono::seconds(100) + microseconds(21));
}

TEST_F(MetricsTest, NamesTellCountersFromGauges) {
    const std::string text = metrics_as_text(input_);
    EXPECT_TRUE(has_line(text, "# TYPE s3backer_http_gets_total counter"));
    EXPECT_TRUE(has_line(text, "s3backer_http_gets_total 12"));
    EXPECT_TRUE(has_line(text, "# TYPE s3backer_http_avg_get_time_seconds gauge"));
    EXPECT_TRUE(has_line(text, "s3backer_http_avg_get_time_seconds 0.250"));
    EXPECT_TRUE(has_line(text, "s3backer_block_cache_current_size 7"));
    EXPECT_TRUE(has_line(text, "s3backer_block_cache_dirty_ratio 0.50000000"));
    EXPECT_TRUE(has_line(text, "s3backer_fuse_requests_total{kind=\"READ\"} 3"));
}

TEST_F(MetricsTest, HistogramsOfAFamilyStandTogether) {
    const std::string text = metrics_as_text(input_);
    const std::string name = "s3backer_fuse_duration_seconds";
    EXPECT_TRUE(has_line(text, name + "_bucket{operation=\"read\",le=\"1e-05\"} 1"));
    EXPECT_TRUE(has_line(text, name + "_bucket{operation=\"read\",le=\"+Inf\"} 3"));
    EXPECT_TRUE(has_line(text, name + "_sum{operation=\"read\"} 100.000021"));
    EXPECT_TRUE(has_line(text, name + "_count{operation=\"write\"} 0"));
    EXPECT_EQ(text.find("# TYPE " + name), text.rfind("# TYPE " + name));
}

TEST_F(MetricsTest, AsJsonTheyAreNumbers) {
    const auto json = nlohmann::json::parse(metrics_as_json(input_));
    EXPECT_EQ(json["http_gets"], 12);
    EXPECT_EQ(json["http_avg_get_time"], 0.25);
    EXPECT_EQ(json["block_cache_current_size"], 7);
    EXPECT_EQ(json["latencies"]["fuse"]["read"]["count"], 3);
    EXPECT_EQ(json["latencies"]["fuse"]["read"]["buckets"]["1e-05"], 1);
    EXPECT_EQ(json["latencies"]["fuse"]["write"]["seconds"], 0.0);
}

}  // namespace
}  // namespace s3b
