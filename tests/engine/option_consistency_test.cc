// SPDX-License-Identifier: Apache-2.0
// The protection against eventually consistent stores: which values mean what; and fsyncPolicy.
#include "tests/engine/command_line.h"

namespace s3b {

namespace {

using std::chrono::milliseconds;

class OptionConsistencyTest : public CommandLineTest {
protected:
    /// "off", or "KEEP/DELAY/CAPACITY" in milliseconds and blocks.
    std::string protection(std::vector<std::string> options) const {
        const ConsistencySettings settings = mounted(std::move(options)).consistency;
        if (!settings.on) return "off";
        const auto ms = [](Duration time) {
            return std::to_string(std::chrono::duration_cast<milliseconds>(time).count());
        };
        return ms(settings.keep) + "/" + ms(settings.min_write_delay) + "/" +
               std::to_string(settings.capacity.value);
    }
};

TEST_F(OptionConsistencyTest, IsOffUnlessAskedFor) {
    EXPECT_EQ(protection({}), "off");
    EXPECT_EQ(protection({"--consistency=strong"}), "off");
}

TEST_F(OptionConsistencyTest, EventualMeansTheOldTimesAndATableThatGrows) {
    EXPECT_EQ(protection({"--consistency=eventual"}), "10000/500/0");
    EXPECT_EQ(protection({"-o", "consistency=eventual,md5CacheSize=77"}), "10000/500/77");
    EXPECT_EQ(protection({"--consistency=eventual", "--md5CacheTime=200"}), "200/200/0");
    EXPECT_EQ(protection({"--consistency=eventual", "--minWriteDelay=0"}), "10000/0/0");
    EXPECT_EQ(protection({"--consistency=eventual", "--md5CacheTime=0"}), "0/500/0");
}

TEST_F(OptionConsistencyTest, AnyPositiveValueSwitchesItOnAndTheOthersFollow) {
    EXPECT_EQ(protection({"--md5CacheSize=10000"}), "10000/500/10000");
    EXPECT_EQ(protection({"--md5CacheTime=30000"}), "30000/500/0");
    EXPECT_EQ(protection({"--md5CacheTime=100"}), "100/100/0");
    EXPECT_EQ(protection({"--minWriteDelay=200"}), "10000/200/0");
    EXPECT_EQ(protection({"--minWriteDelay=20000"}), "20000/20000/0");
    EXPECT_EQ(protection({"--md5CacheTime=0", "--minWriteDelay=300"}), "0/300/0");
    EXPECT_EQ(protection({"--md5CacheSize=5", "--md5CacheTime=0", "--minWriteDelay=0"}), "0/0/5");
    EXPECT_EQ(protection({"--md5CacheTime=1000", "--minWriteDelay=1000"}), "1000/1000/0");
}

TEST_F(OptionConsistencyTest, ZerosAloneSwitchItOff) {
    EXPECT_EQ(protection({"--md5CacheSize=0", "--md5CacheTime=0", "--minWriteDelay=0"}), "off");
    EXPECT_EQ(protection({"--md5CacheSize=0"}), "off");
    EXPECT_EQ(protection({"--md5CacheTime=0"}), "off");
    EXPECT_EQ(protection({"--minWriteDelay=0"}), "off");
}

TEST_F(OptionConsistencyTest, ContradictionsAreRefused) {
    EXPECT_TRUE(names(refusal({"--md5CacheSize=0", "--md5CacheTime=5"}),
                      {"`md5CacheSize=0'", "`md5CacheTime=5'"}));
    EXPECT_TRUE(names(refusal({"--md5CacheSize=0", "--minWriteDelay=6"}),
                      {"`md5CacheSize=0'", "`minWriteDelay=6'"}));
    EXPECT_TRUE(names(refusal({"--md5CacheTime=7", "--minWriteDelay=8"}),
                      {"`md5CacheTime=7'", "`minWriteDelay=8'", "at least"}));
    EXPECT_TRUE(names(refusal({"--md5CacheSize=0", "--consistency=eventual"}),
                      {"`md5CacheSize=0'", "`consistency=eventual'"}));
}

TEST_F(OptionConsistencyTest, ReadOnlySwitchesItOffWhateverTheValues) {
    EXPECT_EQ(protection({"--readOnly", "--consistency=eventual"}), "off");
    EXPECT_EQ(protection({"--readOnly", "--md5CacheSize=0", "--md5CacheTime=5"}), "off");
}

TEST_F(OptionConsistencyTest, OtherValuesAreRefused) {
    EXPECT_TRUE(names(refusal({"--consistency=weak"}), {"`weak'", "strong or eventual"}));
    EXPECT_TRUE(names(refusal({"--md5CacheSize=-1"}), {"`-1'", "`md5CacheSize'"}));
    EXPECT_TRUE(names(refusal({"--md5CacheTime=x"}), {"`x'", "`md5CacheTime'"}));
    EXPECT_TRUE(names(refusal({"--minWriteDelay=1s"}), {"`1s'", "`minWriteDelay'"}));
}

class ConsistencyGeometryTest : public ::testing::Test {
protected:
    /// Sixteen blocks.
    ConsistencyGeometryTest() {
        config_.size = ByteCount(65536);
        config_.cache.size = 1;
        config_.quiet = true;
        config_.consistency.on = true;
    }
    Checked<Geometry> check(Duration keep, uint64_t capacity) {
        config_.consistency.keep = keep;
        config_.consistency.capacity = BlockCount(capacity);
        return check_geometry(config_, std::nullopt);
    }
    Config config_;
};

TEST_F(ConsistencyGeometryTest, ATableThatNeverForgetsMustHoldAllBlocks) {
    const Checked<Geometry> small = check(Duration::zero(), 15);
    ASSERT_NE(small.error(), nullptr);
    EXPECT_TRUE(names(small.error()->text, {"`md5CacheSize=15'", "16", "`md5CacheTime=0'"}));
    EXPECT_NE(check(Duration::zero(), 16).value(), nullptr);
    EXPECT_NE(check(Duration::zero(), 0).value(), nullptr);
    EXPECT_NE(check(milliseconds(1), 15).value(), nullptr);
}

TEST_F(ConsistencyGeometryTest, ATableLargerThanTheVolumeIsReducedWithAWarning) {
    const Checked<Geometry> large = check(milliseconds(1), 17);
    ASSERT_NE(large.value(), nullptr);
    EXPECT_EQ(config_.consistency.capacity, BlockCount(16));
    ASSERT_EQ(large.messages.size(), 1U);
    EXPECT_TRUE(names(large.messages[0], {"warning", "`md5CacheSize=17'", "reduced to 16"}));
}

using FsyncOptionTest = CommandLineTest;

TEST_F(FsyncOptionTest, StoreIsTheDefaultAndNoneWarns) {
    EXPECT_EQ(mounted({}).fsync, FsyncPolicy::Store);
    EXPECT_EQ(mounted({"--fsyncPolicy=store"}).fsync, FsyncPolicy::Store);
    const Checked<CommandLine> none = parse({"--fsyncPolicy=none", "--quiet", "mybucket", "mnt"});
    ASSERT_NE(none.value(), nullptr);
    EXPECT_EQ(none.value()->config.fsync, FsyncPolicy::None);
    std::string said;
    for (const std::string& line : none.messages) said += line + "\n";
    EXPECT_TRUE(names(said, {"warning", "`fsyncPolicy=none'"}));
}

TEST_F(FsyncOptionTest, CacheNeedsTheCacheFile) {
    EXPECT_TRUE(
        names(refusal({"--fsyncPolicy=cache"}), {"`fsyncPolicy=cache'", "`blockCacheFile'"}));
    EXPECT_TRUE(names(refusal({"--fsyncPolicy=x"}), {"`x'", "store, cache or none"}));
    EXPECT_EQ(mounted({"--fsyncPolicy=cache", "--blockCacheFile=f"}).fsync, FsyncPolicy::Cache);
}

}  // namespace

}  // namespace s3b
