// SPDX-License-Identifier: Apache-2.0
// The rules that combine options, and what they look at: directories, names, addresses.
#include "engine/option_checks.h"

#include "tests/engine/command_line.h"

namespace s3b {

namespace {

using std::chrono::milliseconds;

class OptionChecksTest : public CommandLineTest {};

struct Address {
    std::vector<std::string> options;
    const char* base_url;
    bool vhost;
    const char* region;
};

TEST_F(OptionChecksTest, AddressFollowsRegionVhostAndSsl) {
    const std::vector<Address> addresses = {
        {{}, "http://s3.amazonaws.com/", false, "us-east-1"},
        {{"--ssl"}, "https://s3.amazonaws.com/", false, "us-east-1"},
        {{"--vhost"}, "http://mybucket.s3.amazonaws.com/", true, "us-east-1"},
        {{"--region=us-east-1"}, "http://mybucket.s3.amazonaws.com/", true, "us-east-1"},
        {{"--region=eu-west-3"}, "http://mybucket.s3.eu-west-3.amazonaws.com/", true, "eu-west-3"},
        {{"--region=eu-west-3", "--no-vhost", "--ssl"},
         "https://s3.eu-west-3.amazonaws.com/",
         false,
         "eu-west-3"},
        {{"--baseURL=http://h:9000/"}, "http://h:9000/", false, "us-east-1"},
        {{"--baseURL=http://h:9000/a/b/"}, "http://h:9000/a/b/", false, "us-east-1"},
        {{"--baseURL=http://h:9000/", "--vhost"}, "http://mybucket.h:9000/", true, "us-east-1"},
        {{"--baseURL=https://h/", "--ssl", "--region=r"}, "https://mybucket.h/", true, "r"},
        {{"--baseURL=http://h/", "--region=r", "--no-vhost"}, "http://h/", false, "r"},
    };
    for (const Address& address : addresses) {
        const Config config = mounted(address.options);
        EXPECT_EQ(config.s3.base_url, address.base_url);
        EXPECT_EQ(config.s3.vhost, address.vhost) << address.base_url;
        EXPECT_EQ(config.s3.region, address.region) << address.base_url;
    }
}

TEST_F(OptionChecksTest, AddressOfAWrongFormIsRefused) {
    for (const char* url : {"", "h/", "ftp://h/", "HTTP://h/", "http:/h/", "http://", "http:///",
                            "https:///x/", "http://h", "http://h/x", "http://h/?a=b/",
                            "http://h/ x/", "http://me@h/", "http://h/#/"}) {
        const std::string text = refusal({"--baseURL=" + std::string(url)});
        EXPECT_TRUE(names(text, {"invalid base URL", "`" + std::string(url) + "'"})) << url;
    }
    EXPECT_TRUE(names(refusal({"--baseURL=http://h/x"}), {"end in a slash"}));
}

TEST_F(OptionChecksTest, SslContradictsAnAddressWithoutIt) {
    EXPECT_TRUE(names(refusal({"--ssl", "--baseURL=http://h/"}), {"`ssl'", "http://h/"}));
}

TEST_F(OptionChecksTest, EmptyRegionIsRefused) {
    EXPECT_TRUE(names(refusal({"--region="}), {"region", "empty"}));
}

TEST_F(OptionChecksTest, SubdirectoryOfTheBucketIsThePrefix) {
    const Checked<CommandLine> result = parse({"--readOnly", "mybucket/sub/dir", "mnt"});
    ASSERT_EQ(error_of(result), "");
    EXPECT_EQ(result.value()->config.s3.bucket, "mybucket");
    EXPECT_EQ(result.value()->config.prefix, "sub/dir/");
}

TEST_F(OptionChecksTest, BucketOfAWrongFormIsRefused) {
    for (const char* bucket : {"", "/", "/b", "b/", "b//x", "b/x/", "b/x//y"}) {
        EXPECT_TRUE(names(error_of(parse({bucket, "mnt"})),
                          {"invalid bucket `" + std::string(bucket) + "'"}));
    }
    EXPECT_TRUE(names(error_of(parse({"--prefix=p", "b/x", "mnt"})), {"`b/x'", "prefix=p"}));
}

TEST_F(OptionChecksTest, BucketAndMountPointMustBeThere) {
    const Checked<CommandLine> nothing = parse({});
    EXPECT_TRUE(names(error_of(nothing), {"no bucket"}));
    EXPECT_EQ(nothing.messages.size(), 2U);  // the access id is missing
    EXPECT_TRUE(names(error_of(parse({"mybucket"})), {"no mount point"}));
    EXPECT_TRUE(names(error_of(parse({"--test"})), {"no test directory"}));
}

TEST_F(OptionChecksTest, ArgumentsShiftWithAnExtraWord) {
    EXPECT_TRUE(names(error_of(parse({"--test", "10", "blocks", "mnt"})),
                      {"`10'", "No such file or directory"}));
    EXPECT_TRUE(names(error_of(parse({"10", "mybucket", "mnt"})),
                      {"mount point `mybucket'", "No such file or directory"}));
    EXPECT_TRUE(names(error_of(parse({"mybucket", "mnt", "more"})), {"unexpected", "`more'"}));
}

TEST_F(OptionChecksTest, TestDirectoryIsMadeAbsolute) {
    std::filesystem::create_directory_symlink("blocks", root_ + "/link");
    const Checked<CommandLine> result = parse({"--test", "--vhost", "./link/", "mnt"});
    ASSERT_EQ(error_of(result), "");
    const Config& config = result.value()->config;
    EXPECT_TRUE(config.test);
    EXPECT_FALSE(config.auto_detect);
    EXPECT_EQ(config.directory, root_ + "/blocks");
}

TEST_F(OptionChecksTest, TestDirectoryMustBeADirectory) {
    write_file("plain", "x");
    EXPECT_TRUE(names(error_of(parse({"--test", "nosuch", "mnt"})), {"`nosuch'", "No such file"}));
    EXPECT_TRUE(names(error_of(parse({"--test", "plain", "mnt"})), {"`plain'", "not a directory"}));
}

TEST_F(OptionChecksTest, MountPointMustBeADirectory) {
    write_file("plain", "x");
    EXPECT_TRUE(
        names(error_of(parse({"mybucket", "nosuch"})), {"mount point `nosuch'", "No such"}));
    EXPECT_TRUE(names(error_of(parse({"mybucket", "plain"})), {"`plain'", "not a directory"}));
    EXPECT_TRUE(names(error_of(parse({"mybucket", ""})), {"mount point `'"}));
}

TEST_F(OptionChecksTest, AccessTypeIsOneOfFour) {
    for (const char* type : {"private", "public-read", "public-read-write", "authenticated-read"}) {
        EXPECT_EQ(mounted({"--accessType=" + std::string(type)}).s3.access_type, type);
    }
    for (const char* type : {"", "Private", "public", "private "}) {
        EXPECT_TRUE(names(refusal({"--accessType=" + std::string(type)}), {"`accessType'"}));
    }
}

TEST_F(OptionChecksTest, AuthVersionIsExact) {
    EXPECT_TRUE(names(refusal({"--authVersion=AWS4"}), {"`authVersion'", "`AWS4'"}));
}

TEST_F(OptionChecksTest, FileModeIsOctalAndMasked) {
    EXPECT_EQ(mounted({"--fileMode=17777"}).mount.file_mode, 07777U);
    EXPECT_EQ(mounted({"--fileMode=0644"}).mount.file_mode, 0644U);
}

TEST_F(OptionChecksTest, FileModeOfAReadOnlyFileIs0400UnlessGiven) {
    EXPECT_EQ(mounted({"--readOnly"}).mount.file_mode, 0400U);
    EXPECT_EQ(mounted({"--fileMode=0644", "--readOnly"}).mount.file_mode, 0644U);
}

TEST_F(OptionChecksTest, NamesMustBeNamesOfFiles) {
    for (const char* name : {"a/b", "/", ".", ".."}) {
        EXPECT_TRUE(names(refusal({"--filename=" + std::string(name)}), {"`filename'", name}));
        EXPECT_TRUE(
            names(refusal({"--statsFilename=" + std::string(name)}), {"`statsFilename'", name}));
    }
    EXPECT_TRUE(names(refusal({"--filename="}), {"`filename'", "empty"}));
    EXPECT_TRUE(names(refusal({"--filename=" + std::string(256, 'x')}), {"255"}));
    EXPECT_EQ(mounted({"--filename=" + std::string(255, 'x')}).mount.filename.size(), 255U);
}

TEST_F(OptionChecksTest, NamesMustDiffer) {
    EXPECT_TRUE(names(refusal({"--filename=stats"}), {"`filename'", "`statsFilename'", "`stats'"}));
    EXPECT_EQ(mounted({"--filename=stats", "--statsFilename="}).mount.filename, "stats");
}

TEST_F(OptionChecksTest, RetryPausesMustFitTogether) {
    EXPECT_TRUE(
        names(refusal({"--maxRetryPause=0"}), {"`maxRetryPause=0'", "`initialRetryPause=200'"}));
    EXPECT_TRUE(names(refusal({"--initialRetryPause=30001"}), {"`maxRetryPause=30000'"}));
    const Config none = mounted({"--maxRetryPause=0", "--initialRetryPause=0"});
    EXPECT_EQ(none.s3.max_retry_pause, Duration::zero());
    EXPECT_EQ(mounted({"--initialRetryPause=30000"}).s3.initial_retry_pause, milliseconds(30000));
}

TEST_F(OptionChecksTest, SizesOfAWrongFormAreRefusedByNameAndValue) {
    for (const char* size : {"", "0", "1X", "2mb", "1.5G", "1Z", "-1", "16E"}) {
        const std::string value(size);
        EXPECT_TRUE(names(refusal({"--size=" + value}), {"`size'", "`" + value + "'"}));
        EXPECT_TRUE(names(refusal({"--blockSize=" + value}), {"`blockSize'", "`" + value + "'"}));
    }
    EXPECT_TRUE(names(refusal({"--blockSize=8G"}), {"`blockSize'", "`8G'", "too large"}));
    EXPECT_EQ(mounted({"--blockSize=2G"}).block_size, ByteCount(uint64_t(1) << 31));
}

TEST_F(OptionChecksTest, SpeedsAreInBitsASecond) {
    const Config config = mounted({"--maxUploadSpeed=10m", "--maxDownloadSpeed=80",
                                   "--totalUploadSpeed=8", "--totalDownloadSpeed=1G"});
    EXPECT_EQ(config.s3.upload_speed, ByteCount(10 * 1024 * 1024 / 8));
    EXPECT_EQ(config.s3.download_speed, ByteCount(10));
    EXPECT_EQ(config.total_upload_speed, ByteCount(1));
    EXPECT_EQ(config.total_download_speed, ByteCount(uint64_t(1) << 27));
    EXPECT_EQ(mounted({}).s3.upload_speed, ByteCount(0));
    EXPECT_EQ(mounted({}).total_download_speed, ByteCount(0));
}

TEST_F(OptionChecksTest, SpeedsOfAWrongFormAreRefusedByNameAndValue) {
    for (const char* name :
         {"maxUploadSpeed", "maxDownloadSpeed", "totalUploadSpeed", "totalDownloadSpeed"}) {
        for (const char* text : {"", "0", "7", "1X", "-8", "1.5m"}) {
            const std::string option(name);
            const std::string value(text);
            EXPECT_TRUE(names(refusal({"--" + option + "=" + value}),
                              {"`" + option + "'", "`" + value + "'"}));
        }
    }
}

TEST_F(OptionChecksTest, TypeOfServiceIsANameOrAByteInCNotation) {
    const std::pair<const char*, uint8_t> values[] = {
        {"lowdelay", 0x10}, {"throughput", 8}, {"reliability", 4}, {"lowcost", 2}, {"mincost", 2},
        {"0", 0},           {"255", 255},      {"0x1F", 31},       {"0Xff", 255},  {"010", 8}};
    for (const auto& [text, value] : values) {
        EXPECT_EQ(mounted({std::string("--ipTOS=") + text}).s3.ip_tos, value) << text;
    }
    EXPECT_FALSE(mounted({}).s3.ip_tos.has_value());
    for (const char* wrong :
         {"", "256", "-1", "0x", "0x100", "08", "1 ", "lowDelay", "0x-1", "+1", "1.0"}) {
        const std::string text(wrong);
        EXPECT_TRUE(names(refusal({"--ipTOS=" + text}), {"`ipTOS'", "`" + text + "'", "lowcost"}));
    }
}

TEST_F(OptionChecksTest, HedgedReadsHaveAPercentile) {
    for (const auto& [text, value] : {std::pair("0", 0.0), {"50", 50.0}, {"99.99", 99.99}}) {
        EXPECT_EQ(mounted({std::string("--hedgeReads=") + text}).s3.hedge_percentile, value);
    }
    for (const char* wrong : {"", "1", "49.9", "100", "99.995", "-0", "nan", "9e1", "95%"}) {
        const std::string text(wrong);
        EXPECT_TRUE(names(refusal({"--hedgeReads=" + text}), {"`hedgeReads'", "`" + text + "'"}));
    }
}

TEST_F(OptionChecksTest, FlagsOfTheTransportAreOffUnlessGiven) {
    const Config config = mounted({"--noCurlCache", "--noBodyCheck", "-o", "debug-http,http11"});
    EXPECT_FALSE(config.s3.check_bodies);
    EXPECT_TRUE(mounted({}).s3.check_bodies);
    EXPECT_TRUE(config.s3.fresh_connections);
    EXPECT_TRUE(config.s3.debug_http);
    EXPECT_FALSE(mounted({}).s3.fresh_connections);
    EXPECT_FALSE(mounted({}).s3.debug_http);
}

TEST_F(OptionChecksTest, CacheNeedsThreads) {
    EXPECT_TRUE(names(refusal({"--blockCacheThreads=0"}), {"`blockCacheThreads=0'"}));
    EXPECT_EQ(mounted({"--blockCacheThreads=0", "--blockCacheSize=0"}).cache.threads, 0U);
}

TEST_F(OptionChecksTest, CacheHasAtMost1000Threads) {
    EXPECT_TRUE(names(refusal({"--blockCacheThreads=1001"}), {"`blockCacheThreads=1001'", "1000"}));
    EXPECT_EQ(mounted({"--blockCacheThreads=1000"}).cache.threads, 1000U);
}

TEST_F(OptionChecksTest, SynchronousCacheHasNoWriteDelay) {
    EXPECT_TRUE(
        names(refusal({"--blockCacheSync"}), {"`blockCacheSync'", "`blockCacheWriteDelay=0'"}));
    EXPECT_NE(refusal({"--blockCacheSync", "--blockCacheSize=0"}), "");
    EXPECT_TRUE(mounted({"--blockCacheSync", "--blockCacheWriteDelay=0"}).cache.sync);
}

TEST_F(OptionChecksTest, SourceOfTheMountNamesTheStore) {
    EXPECT_EQ(mounted({"--prefix=p"}).mount.fsname, "http://s3.amazonaws.com/mybucket/p");
    EXPECT_EQ(mounted({"--vhost", "--prefix=p"}).mount.fsname,
              "http://mybucket.s3.amazonaws.com/p");
    const Checked<CommandLine> test = parse({"--test", "--prefix=p", "blocks", "mnt"});
    ASSERT_EQ(error_of(test), "");
    EXPECT_EQ(test.value()->config.mount.fsname, "file://" + root_ + "/blocks/p");
    EXPECT_EQ(mounted({"-o", R"(fsname=a\,b)"}).mount.fsname, "a,b");
}

// Of two mistakes s3backer reports the one that it checks first.
TEST_F(OptionChecksTest, HaveTheOrderOfS3backer) {
    const std::vector<std::pair<std::string, std::string>> mistakes = {
        {"--accessId=AK", "no access key"},
        {"--authVersion=x", "authVersion"},
        {"--baseURL=x", "base URL"},
        {"--accessType=x", "accessType"},
        {"--filename=a/b", "filename"},
        {"--ipTOS=x", "ipTOS"},
        {"--maxRetryPause=0", "maxRetryPause"},
        {"--blockSize=x", "blockSize"},
        {"--size=x", "`size'"},
        {"--maxUploadSpeed=x", "maxUploadSpeed"},
        {"--blockCacheSync", "blockCacheSync"},
    };
    std::vector<std::string> options;
    for (auto mistake = mistakes.rbegin(); mistake != mistakes.rend(); ++mistake) {
        options.push_back(mistake->first);
        std::vector<std::string> words = options;
        words.insert(words.end(), {"mybucket", "nosuch"});
        EXPECT_TRUE(names(error_of(parse(words)), {mistake->second}));
    }
}

TEST_F(OptionChecksTest, ListBlocksNeedsAtLeastOneThread) {
    const Config config = mounted({"--listBlocks", "--listBlocksThreads=7"});
    EXPECT_TRUE(config.list_blocks);
    EXPECT_EQ(config.list_threads, 7U);
    EXPECT_FALSE(mounted({}).list_blocks);
    for (const char* threads : {"0", "-5", "1001", "-2147483647", "2147483647"}) {
        const std::string option = std::string("--listBlocksThreads=") + threads;
        EXPECT_TRUE(names(refusal({option, "--listBlocks"}), {threads, "`listBlocksThreads'"}));
        EXPECT_GE(mounted({option}).list_threads, 1U);  // without listBlocks it does not matter
    }
    EXPECT_TRUE(names(refusal({"--listBlocksThreads=x"}), {"`x'", "`listBlocksThreads'"}));
    EXPECT_TRUE(names(refusal({"--listBlocksThreads=-"}), {"`-'", "`listBlocksThreads'"}));
    EXPECT_TRUE(names(refusal({"--listBlocksThreads=--1"}), {"`--1'", "minus"}));
    EXPECT_TRUE(names(refusal({"--listBlocksThreads=2147483648"}), {"too large"}));
}

TEST_F(OptionChecksTest, TheStoreHasANameWhateverTheSourceIsCalled) {
    const Config config = mounted({"--prefix=p/", "-o", "fsname=other"});
    EXPECT_EQ(store_name(config), "http://s3.amazonaws.com/mybucket/p/");
    EXPECT_EQ(config.mount.fsname, "other");
}

}  // namespace

}  // namespace s3b
