// SPDX-License-Identifier: Apache-2.0
// The options of the block cache and of reading ahead.
#include "engine/option_table.h"
#include "tests/engine/command_line.h"

namespace s3b {
namespace {

using std::chrono::milliseconds;

class CacheOptionsTest : public CommandLineTest {};

TEST_F(CacheOptionsTest, SetTheNumbersOfTheCache) {
    const Config config =
        mounted({"--blockCacheSize=5", "--blockCacheThreads=6", "--blockCacheTimeout=7",
                 "--blockCacheWriteDelay=0", "--blockCacheMaxDirty=9", "--blockCacheSync",
                 "--readAhead=11", "--readAheadTrigger=12", "--blockCacheNumProtected=3"});
    EXPECT_EQ(config.cache.size, 5U);
    EXPECT_EQ(config.cache.protected_blocks, 3U);
    EXPECT_EQ(config.cache.threads, 6U);
    EXPECT_EQ(config.cache.timeout, milliseconds(7));
    EXPECT_EQ(config.cache.write_delay, Duration::zero());
    EXPECT_EQ(config.cache.max_dirty, 9U);
    EXPECT_TRUE(config.cache.sync);
    EXPECT_EQ(config.cache.read_ahead, 11U);
    EXPECT_EQ(config.cache.read_ahead_trigger, 12U);
}

TEST_F(CacheOptionsTest, BoundTheBlocksOfTheCache) {
    EXPECT_EQ(refusal({"--blockCacheSize=4294967295"}),
              "`blockCacheSize=4294967295' is too many, at most 4000000000");
}

TEST_F(CacheOptionsTest, NameTheEvictionPolicy) {
    EXPECT_EQ(mounted({}).cache.policy, cache::EvictionPolicy::Lru);
    EXPECT_EQ(mounted({"-o", "blockCachePolicy=s3fifo"}).cache.policy,
              cache::EvictionPolicy::S3Fifo);
    EXPECT_EQ(mounted({"--blockCachePolicy=s3fifo", "--blockCachePolicy=lru"}).cache.policy,
              cache::EvictionPolicy::Lru);
    EXPECT_TRUE(names(refusal({"--blockCachePolicy=fifo"}),
                      {"`blockCachePolicy'", "`fifo'", "lru or s3fifo"}));
}

TEST_F(CacheOptionsTest, ProtectingMoreBlocksThanTheCacheHoldsIsWorthAWarning) {
    const Checked<CommandLine> many =
        parse({"--blockCacheSize=5", "--blockCacheNumProtected=6", "--quiet", "mybucket", "mnt"});
    ASSERT_NE(many.value(), nullptr);
    std::string said;
    for (const std::string& message : many.messages) said += message;
    EXPECT_TRUE(names(said, {"warning", "`blockCacheNumProtected=6'"}));
    EXPECT_TRUE(names(refusal({"--blockCacheNumProtected=-1"}), {"`blockCacheNumProtected'"}));
}

TEST_F(CacheOptionsTest, BoundWhatIsReadAheadIfItAdapts) {
    EXPECT_EQ(find_option("readAheadMax")->default_text, "64m");
    EXPECT_EQ(mounted({}).cache.read_ahead_max, ByteCount(64 << 20));
    EXPECT_EQ(mounted({"--readAheadMax=3k"}).cache.read_ahead_max, ByteCount(3072));
    EXPECT_TRUE(names(refusal({"--readAheadMax=0"}), {"`readAheadMax'"}));
}

TEST_F(CacheOptionsTest, NameTheCacheFileAsSeenFromHere) {
    const Config config = mounted({"--blockCacheFile=f", "--blockCacheMemory=3m",
                                   "--blockCacheNoVerify", "--blockCacheFileAdvise"});
    EXPECT_EQ(config.cache.file, root_ + "/f");
    EXPECT_EQ(config.cache.memory, ByteCount(3 << 20));
    EXPECT_FALSE(config.cache.verify_file);
    EXPECT_TRUE(config.cache.advise_file);
    EXPECT_FALSE(config.cache.recover_dirty_blocks);
    EXPECT_EQ(mounted({"--blockCacheFile=/x/f"}).cache.file, "/x/f");
    EXPECT_EQ(mounted({}).cache.file, "");
}

TEST_F(CacheOptionsTest, RecoverWhatFsyncHasPromised) {
    EXPECT_TRUE(mounted({"--blockCacheFile=f", "--fsyncPolicy=cache"}).cache.recover_dirty_blocks);
    EXPECT_TRUE(mounted({"--blockCacheFile=f", "--blockCacheRecoverDirtyBlocks"})
                    .cache.recover_dirty_blocks);
}

TEST_F(CacheOptionsTest, AboutTheFileNeedTheFile) {
    for (const char* option : {"blockCacheRecoverDirtyBlocks", "blockCacheNoVerify",
                               "blockCacheMemory=1m", "fsyncPolicy=cache"}) {
        const std::string name = std::string(option).substr(0, std::string(option).find("=1m"));
        EXPECT_TRUE(names(refusal({std::string("--") + option}),
                          {("`" + name + "'").c_str(), "`blockCacheFile'"}));
    }
    EXPECT_TRUE(names(refusal({"--blockCacheFile="}), {"`blockCacheFile' is empty"}));
    EXPECT_TRUE(names(refusal({"--blockCacheFile=f", "--fsyncPolicy=cache", "--blockCacheSize=0"}),
                      {"`fsyncPolicy=cache'", "`blockCacheSize=0'"}));
    EXPECT_TRUE(names(refusal({"--blockCacheFile=f", "--fsyncPolicy=cache", "--minWriteDelay=5"}),
                      {"`fsyncPolicy=cache'", "`minWriteDelay'"}));
}

TEST_F(CacheOptionsTest, OfSharedDiskModeExcludeAllThatCaches) {
    const Config config = mounted({"--sharedDiskMode"});
    EXPECT_TRUE(config.shared_disk && config.mount.direct_io);
    EXPECT_EQ(config.cache.size, 0U);
    for (const char* option : {"blockCacheSize=5", "blockCacheFile=f", "listBlocks", "readAhead=1",
                               "listBlocksThreads=2", "minWriteDelay=1", "md5CacheSize=1"}) {
        const std::string name = std::string(option).substr(0, std::string(option).find('='));
        EXPECT_TRUE(names(refusal({"--sharedDiskMode", std::string("--") + option}),
                          {"`sharedDiskMode'", "`" + name + "'"}));
    }
}

TEST_F(CacheOptionsTest, ForTrialsNeedADirectory) {
    EXPECT_TRUE(names(refusal({"--test-delays"}), {"`test-delays'", "`test'"}));
    const Checked<CommandLine> result = parse({"--test", "--test-delays", "--test-errors",
                                               "--test-discard", "--size=1m", "blocks", "mnt"});
    EXPECT_EQ(error_of(result), "");
    const net::TrialSettings trial = result.value()->config.trial;
    EXPECT_TRUE(trial.delays && trial.errors && trial.discard);
}

TEST_F(CacheOptionsTest, OfTheMirrorNameAFileFromHere) {
    const Config config = mounted({"--statsFileMirror=s", "--statsFileMirrorInterval=50"});
    EXPECT_EQ(config.stats_mirror, root_ + "/s");
    EXPECT_EQ(config.stats_mirror_interval, milliseconds(50));
    EXPECT_TRUE(names(refusal({"--statsFileMirror=s", "--statsFileMirrorInterval=0"}),
                      {"`statsFileMirrorInterval'"}));
}

TEST_F(CacheOptionsTest, OfMetricsNameAPlace) {
    const auto place = [this](const char* value) {
        return mounted({std::string("--metricsListen=") + value}).metrics.value();
    };
    EXPECT_EQ(place("9100").address, "127.0.0.1");
    EXPECT_EQ(place("9100").port, 9100);
    EXPECT_EQ(place("0.0.0.0:80").address, "0.0.0.0");
    EXPECT_EQ(place("[::1]:81").address, "::1");
    EXPECT_EQ(place("[::1]:81").port, 81);
    EXPECT_EQ(place("/run/socket").path, "/run/socket");
    EXPECT_FALSE(mounted({}).metrics.has_value());
    for (const char* bad : {"", "x", "65536", "host:80", "127.0.0.1:", "::1", "run/socket"}) {
        EXPECT_TRUE(names(refusal({std::string("--metricsListen=") + bad}),
                          {"`metricsListen'", "`" + std::string(bad) + "'", "ADDRESS:PORT"}))
            << bad;
    }
    EXPECT_TRUE(names(refusal({"--metricsListen=/" + std::string(200, 'x')}), {"socket"}));
}

}  // namespace
}  // namespace s3b
