// SPDX-License-Identifier: Apache-2.0
// What we do with blocks: compression, encryption, the password. Source: command-line.md 2.6.
#include <zstd.h>

#include "tests/engine/command_line.h"

namespace s3b {

namespace {

using codec::Algorithm;
using Words = std::vector<std::string>;

class OptionEncryptionTest : public CommandLineTest {
protected:
    OptionEncryptionTest() {
        environment_.ask_password = [this]() -> Result<codec::LockedBytes> {
            ++questions_;
            return codec::LockedBytes("typed");
        };
    }

    codec::Compression compression(Words options) const {
        options.emplace_back("--password=p");
        return mounted(std::move(options)).codec.compression;
    }
    /// The password that blocks would be encrypted with.
    std::string password(Words options) const {
        options.emplace_back("--encrypt");
        const Config config = mounted(std::move(options));
        if (config.codec.password == nullptr) return "(none)";
        return std::string(config.codec.password->text());
    }
    std::string password_in_file(const std::string& text) const {
        write_file("pw", text);
        return password({"--passwordFile=pw"});
    }
    std::string refusal_of_file(const std::string& text) const {
        write_file("pw", text);
        return refusal({"--encrypt", "--passwordFile=pw"});
    }
    static Words messages_of(const Checked<CommandLine>& result) {
        EXPECT_EQ(error_of(result), "");
        return result.messages;
    }
    Words warnings(Words options) const {
        options.insert(options.end(), {"--readOnly", "mybucket", "mnt"});
        return messages_of(parse(std::move(options)));
    }

    int questions_ = 0;
};

void expect_compression(codec::Compression compression, Algorithm algorithm, int level) {
    EXPECT_EQ(compression.algorithm, algorithm);
    EXPECT_EQ(compression.level, level);
}

TEST_F(OptionEncryptionTest, BlocksAreStoredAsTheyAreByDefault) {
    const Config config = mounted({});
    EXPECT_EQ(config.codec.compression.algorithm, Algorithm::None);
    EXPECT_FALSE(config.codec.cipher.has_value());
    EXPECT_EQ(config.codec.password, nullptr);
    EXPECT_EQ(mounted({"--compress=0"}).codec.compression.algorithm, Algorithm::None);
    EXPECT_EQ(warnings({}), Words());
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, CompressMeansDeflateUnlessItNamesAnother) {
    expect_compression(compression({"--compress"}), Algorithm::Deflate, 6);
    expect_compression(compression({"-o", "compress"}), Algorithm::Deflate, 6);
    for (const char* name : {"deflate", "DEFLATE", "Deflate"}) {
        expect_compression(compression({"--compress=" + std::string(name)}), Algorithm::Deflate, 6);
    }
    for (const char* name : {"zstd", "ZSTD", "zStd"}) {
        expect_compression(compression({"-o", "compress=" + std::string(name)}), Algorithm::Zstd,
                           ZSTD_CLEVEL_DEFAULT);
    }
}

TEST_F(OptionEncryptionTest, CompressTakesALevelOfDeflate) {
    expect_compression(compression({"--compress=-1"}), Algorithm::Deflate, 6);
    for (int level = 1; level <= 9; ++level) {
        expect_compression(compression({"--compress=" + std::to_string(level)}), Algorithm::Deflate,
                           level);
    }
}

TEST_F(OptionEncryptionTest, CompressWithAnythingElseIsRefused) {
    for (const char* value :
         {"", "10", "-2", "9abc", "gzip", "none", "deflate ", "zst", "6.5", "+1", "99999999999"}) {
        EXPECT_TRUE(
            names(refusal({"--compress=" + std::string(value)}),
                  {"`" + std::string(value) + "'", "`compress'", "deflate", "zstd", "-1 to 9"}));
    }
}

TEST_F(OptionEncryptionTest, TheLastCompressWins) {
    expect_compression(compression({"--compress=zstd", "--compress"}), Algorithm::Deflate, 6);
    expect_compression(compression({"--compress=9", "--compress=0"}), Algorithm::None, 0);
    expect_compression(compression({"--compress=0", "-o", "compress=3"}), Algorithm::Deflate, 3);
}

TEST_F(OptionEncryptionTest, ALevelGoesWithAnAlgorithmOrWithEncryption) {
    const std::string level = "--compress-level=9";
    expect_compression(compression({"--compress", level}), Algorithm::Deflate, 9);
    expect_compression(compression({level, "--compress=deflate"}), Algorithm::Deflate, 9);
    expect_compression(compression({"--compress=zstd", level}), Algorithm::Zstd, 9);
    expect_compression(compression({"--encrypt", level}), Algorithm::Deflate, 9);
    expect_compression(compression({"--encrypt=aes256", level}), Algorithm::Deflate, 9);
    for (const Words& alone : {Words{level}, Words{level, "--password=p"}}) {
        EXPECT_TRUE(names(refusal(alone), {"`compress-level'", "`compress'", "`encrypt'"}));
    }
}

TEST_F(OptionEncryptionTest, TwoLevelsAreRefused) {
    for (const char* given : {"0", "5", "-1"}) {
        EXPECT_TRUE(names(refusal({"--compress=" + std::string(given), "--compress-level=5"}),
                          {"`compress=" + std::string(given) + "'", "`compress-level'"}));
    }
}

TEST_F(OptionEncryptionTest, DeflateHasLevelsTo9AndLevel0StoresOnly) {
    expect_compression(compression({"--compress", "--compress-level=-1"}), Algorithm::Deflate, 6);
    expect_compression(compression({"--compress=deflate", "--compress-level=0"}),
                       Algorithm::Deflate, 0);
    for (const char* level : {"-2", "10", "2147483647", "-2147483647"}) {
        EXPECT_TRUE(
            names(refusal({"--compress", "--compress-level=" + std::string(level)}),
                  {"`" + std::string(level) + "'", "`compress-level'", "-1 to 9", "deflate"}));
    }
    for (const char* level : {"", "x", "5x", "5 ", "1.5"}) {
        EXPECT_TRUE(names(refusal({"--compress", "--compress-level=" + std::string(level)}),
                          {"`" + std::string(level) + "'", "`compress-level'"}));
    }
}

TEST_F(OptionEncryptionTest, ZstdHasTheLevelsOfItsLibrary) {
    const auto zstd = [](int level) {
        return Words{"--compress=zstd", "--compress-level=" + std::to_string(level)};
    };
    for (const int level : {ZSTD_minCLevel(), -1, 0, 1, ZSTD_maxCLevel()}) {
        expect_compression(compression(zstd(level)), Algorithm::Zstd, level);
    }
    const std::string range =
        std::to_string(ZSTD_minCLevel()) + " to " + std::to_string(ZSTD_maxCLevel());
    for (const int level : {ZSTD_minCLevel() - 1, ZSTD_maxCLevel() + 1}) {
        EXPECT_TRUE(names(refusal(zstd(level)), {"`compress-level'", range, "zstd"}));
    }
}

TEST_F(OptionEncryptionTest, ZstdComesWithAWarning) {
    const Words found = warnings({"--compress=zstd"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(names(found[0], {"warning", "`compress=zstd'", "2.0.2"}));
    EXPECT_EQ(warnings({"--compress=zstd", "--compress=deflate"}), Words());
}

TEST_F(OptionEncryptionTest, EncryptedBlocksAreAlwaysCompressed) {
    expect_compression(compression({"--encrypt"}), Algorithm::Deflate, 6);
    expect_compression(compression({"--encrypt", "--compress=2"}), Algorithm::Deflate, 2);
    expect_compression(compression({"--encrypt", "--compress=zstd"}), Algorithm::Zstd,
                       ZSTD_CLEVEL_DEFAULT);
    expect_compression(compression({"--encrypt", "--compress=0"}), Algorithm::Deflate, 0);
}

TEST_F(OptionEncryptionTest, EncryptMeansAes128UnlessItNamesAnother) {
    const auto cipher = [this](Words options) {
        options.emplace_back("--password=p");
        const Config config = mounted(std::move(options));
        return config.codec.cipher ? config.codec.cipher->name : "(none)";
    };
    EXPECT_EQ(cipher({"--encrypt"}), "AES-128-CBC");
    EXPECT_EQ(cipher({"-o", "encrypt"}), "AES-128-CBC");
    EXPECT_EQ(cipher({"--encrypt=AES-192-CBC"}), "AES-192-CBC");
    EXPECT_EQ(cipher({"--encrypt=aes-256-cbc"}), "AES-256-CBC");
    EXPECT_EQ(cipher({"-o", "encrypt=aes256"}), "AES-256-CBC");
    EXPECT_EQ(cipher({"--encrypt=des3"}), "DES-EDE3-CBC");
    EXPECT_EQ(cipher({"--encrypt", "--encrypt=aes256"}), "AES-256-CBC");
    EXPECT_EQ(cipher({"--encrypt=aes256", "--encrypt"}), "AES-256-CBC");
    EXPECT_EQ(cipher({"--encrypt=aes256", "--encrypt=aes192"}), "AES-192-CBC");
}

TEST_F(OptionEncryptionTest, OtherCiphersAreRefusedWithAListOfThoseThatThereAre) {
    const Words known = codec::usable_ciphers();
    for (const char* name : {"", "rot13", "AES-128", "aes-128-gcm", "AES-256-CTR", "AES-128-ECB"}) {
        const std::string text = refusal({"--password=p", "--encrypt=" + std::string(name)});
        EXPECT_TRUE(names(text, {"`" + std::string(name) + "'", "`encrypt'"}));
        EXPECT_TRUE(names(text, known));
    }
    EXPECT_TRUE(names(refusal({"--encrypt=rot13"}), {"no such cipher"}));
    EXPECT_TRUE(names(refusal({"--encrypt=aes-128-gcm"}), {"not a block cipher in CBC mode"}));
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, ACipherWhoseNameIsTooLongForS3backerComesWithAWarning) {
    const Words found = warnings({"--encrypt=camellia-256-cbc", "--password=p"});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(names(found[0], {"warning", "`encrypt=CAMELLIA-256-CBC'", "no release"}));
    // 31 characters are read: "deflate,encrypt-" and 15 more, "zstd,encrypt-" and 18 more.
    EXPECT_EQ(warnings({"--encrypt=aria-128-cbc", "--password=p"}), Words());
    EXPECT_EQ(warnings({"--encrypt=camellia128", "--password=p", "--compress=zstd"}).size(), 1U);
}

TEST_F(OptionEncryptionTest, KeysAreAsLongAsTheCipherNeedsUnlessTold) {
    const auto length = [this](Words options) {
        options.emplace_back("--password=p");
        return mounted(std::move(options)).codec.key_bytes;
    };
    EXPECT_EQ(length({"--encrypt"}), 16U);
    EXPECT_EQ(length({"--encrypt=aes256"}), 32U);
    EXPECT_EQ(length({"--encrypt=aes256", "--keyLength=0"}), 32U);
    EXPECT_EQ(length({"--encrypt", "--keyLength=16"}), 16U);
    EXPECT_EQ(length({"--encrypt", "--keyLength=48"}), 48U);
    EXPECT_EQ(length({"--encrypt=aes256", "--keyLength=64"}), 64U);
}

TEST_F(OptionEncryptionTest, KeysOfAnotherLengthAreRefused) {
    for (const char* bytes : {"1", "15", "65", "4294967295"}) {
        EXPECT_TRUE(
            names(refusal({"--encrypt", "--keyLength=" + std::string(bytes)}),
                  {"`" + std::string(bytes) + "'", "`keyLength'", "16 to 64", "AES-128-CBC"}));
    }
    EXPECT_TRUE(names(refusal({"--encrypt=aes256", "--keyLength=31"}), {"32 to 64"}));
    for (const char* bytes : {"", "-1", "16x", "4294967296"}) {
        EXPECT_TRUE(names(refusal({"--encrypt", "--keyLength=" + std::string(bytes)}),
                          {"`" + std::string(bytes) + "'", "`keyLength'"}));
    }
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, APasswordOnTheCommandLineIsTakenAsItIs) {
    EXPECT_EQ(password({"--password=se cret\r"}), "se cret\r");
    EXPECT_EQ(password({"-o", R"(ro,password=a\,b\075)"}), "a,b=");
    EXPECT_EQ(password({"--password=one", "--password=two"}), "two");
    EXPECT_EQ(password({"--password=" + std::string(1023, 'x')}), std::string(1023, 'x'));
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, AMessageNeverShowsAPassword) {
    const std::string secret(1024, 's');
    for (const Words& words :
         {Words{"--encrypt", "--password=" + secret}, Words{"-o", "encrypt,password=" + secret},
          Words{"-o", R"(encrypt,password=ssss\000)"},
          Words{"--encrypt", "--password=ssss", "--passwordFile=pw"}}) {
        const std::string text = refusal(words);
        EXPECT_TRUE(names(text, {"`password'"}));
        EXPECT_EQ(text.find("ssss"), std::string::npos) << text;
    }
    EXPECT_TRUE(names(refusal({"--password=" + secret}), {"longer than 1023 bytes"}));
    write_file("pw", secret);
    EXPECT_EQ(refusal({"--encrypt", "--passwordFile=pw"}).find("ssss"), std::string::npos);
}

TEST_F(OptionEncryptionTest, APasswordFileGivesItsFirstLine) {
    EXPECT_EQ(password_in_file("secret"), "secret");
    EXPECT_EQ(password_in_file("secret\n"), "secret");
    EXPECT_EQ(password_in_file("secret\nmore\n"), "secret");
    EXPECT_EQ(password_in_file(" se\tcret \r\n"), " se\tcret \r");
    EXPECT_EQ(password_in_file("\xff\n"), "\xff");
    EXPECT_EQ(password_in_file(std::string(1023, 'x')), std::string(1023, 'x'));
    EXPECT_EQ(password_in_file(std::string(1023, 'x') + "\n" + std::string(9999, 'y')),
              std::string(1023, 'x'));
    EXPECT_EQ(password({"--passwordFile=" + root_ + "/pw"}), std::string(1023, 'x'));
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, APasswordFileThatIsNoneIsRefused) {
    EXPECT_TRUE(names(refusal_of_file(""), {"`pw'", "is empty"}));
    for (const char* end : {"", "\n"}) {
        EXPECT_TRUE(names(refusal_of_file(std::string(1024, 'x') + end), {"`pw'", "1023 bytes"}));
    }
    EXPECT_TRUE(names(refusal_of_file(std::string("a\0b\n", 4)), {"`pw'", "zero byte"}));
    EXPECT_TRUE(names(refusal({"--encrypt", "--passwordFile=no"}),
                      {"`no'", "cannot be read", "No such file or directory"}));
    EXPECT_TRUE(names(refusal({"--encrypt", "--passwordFile=mnt"}), {"`mnt'", "Is a directory"}));
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, AnEmptyPasswordComesWithAWarning) {
    write_file("pw", "\nsecret\n");
    for (const char* option : {"--passwordFile=pw", "--password="}) {
        const Words found = warnings({"--encrypt", option});
        ASSERT_EQ(found.size(), 1U);
        EXPECT_TRUE(names(found[0], {"warning", "password is empty"}));
        EXPECT_EQ(password({option}), "");
    }
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, TwoPasswordsAreRefused) {
    write_file("pw", "secret\n");
    EXPECT_TRUE(names(refusal({"--encrypt", "--password=p", "--passwordFile=pw"}),
                      {"`password'", "`passwordFile'"}));
}

TEST_F(OptionEncryptionTest, WithoutAPasswordTheOperatorIsAskedOnce) {
    EXPECT_EQ(password({}), "typed");
    EXPECT_EQ(questions_, 1);
}

TEST_F(OptionEncryptionTest, ThereIsNoMountWithoutAnAnswer) {
    environment_.ask_password = [] {
        return Result<codec::LockedBytes>(Error(Errc::NotFound, "the answer is empty"));
    };
    EXPECT_TRUE(names(refusal({"--encrypt"}), {"`passwordFile=FILE'", "the answer is empty"}));
    environment_.ask_password = nullptr;
    EXPECT_TRUE(names(refusal({"--encrypt"}), {"`passwordFile=FILE'", "no terminal"}));
}

TEST_F(OptionEncryptionTest, NobodyIsAskedIfTheOtherOptionsAreWrong) {
    for (const Words& words :
         {Words{"--encrypt", "--compress-level=77"}, Words{"--encrypt", "--blockSize=x"},
          Words{"--encrypt", "--unknown"}, Words{"--encrypt=x"}, Words{"--encrypt", "more", "most"},
          Words{"--encrypt", "--keyLength=99"}, Words{"--encrypt", "--cpuThreads=0"}}) {
        EXPECT_NE(refusal(words), "") << words.back();
    }
    EXPECT_NE(error_of(parse({"--encrypt", "mybucket", "nowhere"})), "");
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, NobodyIsAskedUnlessThereIsAMount) {
    for (const char* action : {"--erase", "--reset-mounted-flag", "--help", "--version"}) {
        const Checked<CommandLine> result = parse({"--encrypt", action, "mybucket"});
        EXPECT_EQ(error_of(result), "");
    }
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, WithoutEncryptionItsOptionsGiveAWarningOnly) {
    const Words found = warnings({"--password=p", "--passwordFile=none", "--keyLength=99"});
    ASSERT_EQ(found.size(), 3U);
    EXPECT_TRUE(names(found[0], {"warning", "`password'", "`encrypt'"}));
    EXPECT_TRUE(names(found[1], {"warning", "`passwordFile'", "`encrypt'"}));
    EXPECT_TRUE(names(found[2], {"warning", "`keyLength'", "`encrypt'"}));
    const Config config = mounted({"--compress", "--password=p"});
    EXPECT_EQ(config.codec.password, nullptr);
    EXPECT_EQ(config.codec.key_bytes, 0U);
}

TEST_F(OptionEncryptionTest, InTestModeTheyHaveNoEffectButAWarning) {
    const Checked<CommandLine> result =
        parse({"--test", "--size=1m", "--compress=zstd", "--compress-level=99", "--encrypt=rot13",
               "--passwordFile=none", "--password=p", "--keyLength=99", "blocks", "mnt"});
    const Words found = messages_of(result);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(names(found[0], {"warning", "`test'", "`compress'", "`compress-level'", "`encrypt'",
                                 "`password'", "`passwordFile'", "`keyLength'"}));
    const CodecConfig& codec = result.value()->config.codec;
    EXPECT_EQ(codec.compression.algorithm, Algorithm::None);
    EXPECT_FALSE(codec.cipher.has_value());
    EXPECT_EQ(codec.password, nullptr);
    EXPECT_EQ(messages_of(parse({"--test", "--size=1m", "--encrypt", "blocks", "mnt"})).size(), 1U);
    EXPECT_EQ(messages_of(parse({"--test", "--size=1m", "blocks", "mnt"})), Words());
    EXPECT_EQ(questions_, 0);
}

TEST_F(OptionEncryptionTest, TheOrderOfChecksIsThatOfS3backer) {
    EXPECT_TRUE(names(refusal({"--encrypt=x", "--filename="}), {"`filename'"}));
    EXPECT_TRUE(names(refusal({"--encrypt=x", "--keyLength=99"}), {"`encrypt'"}));
    EXPECT_TRUE(
        names(refusal({"--encrypt", "--keyLength=99", "--passwordFile=none"}), {"`keyLength'"}));
    EXPECT_TRUE(
        names(refusal({"--encrypt", "--passwordFile=none", "--compress-level=99"}), {"`none'"}));
    EXPECT_TRUE(names(refusal({"--compress-level=5", "--blockSize=x"}), {"`compress-level'"}));
}

TEST_F(OptionEncryptionTest, ThereIsAThreadForEachCpuUnlessTold) {
    const uint32_t usual = mounted({}).cpu_threads;
    EXPECT_GE(usual, 1U);
    EXPECT_LE(usual, 8U);
    EXPECT_EQ(mounted({"--cpuThreads=1"}).cpu_threads, 1U);
    EXPECT_EQ(mounted({"-o", "cpuThreads=64"}).cpu_threads, 64U);
    const Checked<CommandLine> erase = parse({"--erase", "mybucket"});
    ASSERT_EQ(error_of(erase), "");
    EXPECT_EQ(erase.value()->config.cpu_threads, usual);
    for (const char* value : {"0", "65", "4294967295"}) {
        EXPECT_TRUE(names(refusal({"--cpuThreads=" + std::string(value)}),
                          {"`" + std::string(value) + "'", "`cpuThreads'", "1 to 64"}));
    }
    for (const char* value : {"", "x", "-1", "2x"}) {
        EXPECT_TRUE(names(refusal({"--cpuThreads=" + std::string(value)}), {"`cpuThreads'"}));
    }
}

TEST(WipePasswordTest, CoversItInAllForms) {
    const Argv argv({"--password=secret", "-o", R"(ro,password=se\,cret,encrypt)",
                     "-opassword=secret", "-o", R"(--password=secret,pass\word=secret)",
                     R"(-opass\167ord\075secret)", "--passwordFile=file", "--encrypt=aes256"});
    wipe_secrets(argv.span());
    EXPECT_EQ(argv[1], "--password=******");
    EXPECT_EQ(argv[3], "ro,password=********,encrypt");
    EXPECT_EQ(argv[4], "-opassword=******");
    for (size_t i = 1; i <= 7; ++i) EXPECT_EQ(argv[i].find("cret"), std::string::npos) << argv[i];
    EXPECT_EQ(argv[8], "--passwordFile=file");
    EXPECT_EQ(argv[9], "--encrypt=aes256");
}

}  // namespace
}  // namespace s3b
