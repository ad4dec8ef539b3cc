// SPDX-License-Identifier: Apache-2.0
// How requests are signed and what the store is to do with objects. Source: command-line.md 2.1 to
// 2.3.
#include "engine/option_checks.h"
#include "tests/engine/command_line.h"

namespace s3b {

namespace {

class OptionStorageTest : public CommandLineTest {
protected:
    /// All warnings of `options`, which must be right.
    std::string warnings(std::vector<std::string> options) const {
        options.insert(options.end(), {"--readOnly", "mybucket", "mnt"});
        const Checked<CommandLine> result = parse(std::move(options));
        EXPECT_EQ(error_of(result), "");
        std::string text;
        for (const std::string& message : result.messages) text += message + '\n';
        return text;
    }
    std::string customer_key(std::vector<std::string> options) const {
        options.emplace_back("--sseCustomerKeyFile=key");
        return mounted(std::move(options)).s3.sse_customer_key;
    }
};

TEST_F(OptionStorageTest, RequestsAreSignedAsToldOrWithVersion4) {
    EXPECT_FALSE(mounted({}).s3.aws2);
    EXPECT_FALSE(mounted({"--authVersion=aws4"}).s3.aws2);
    EXPECT_TRUE(mounted({"--authVersion=aws2"}).s3.aws2);
    for (const char* value : {"", "aws3", "AWS4"}) {
        EXPECT_TRUE(names(refusal({"--authVersion=" + std::string(value)}),
                          {"`" + std::string(value) + "'", "`authVersion'", "aws4 or aws2"}));
    }
}

TEST_F(OptionStorageTest, AnyStorageClassIsTakenAnUnknownOneWithAWarning) {
    EXPECT_EQ(mounted({}).s3.storage_class, "");
    EXPECT_EQ(mounted({"--storageClass=STANDARD"}).s3.storage_class, "STANDARD");
    EXPECT_EQ(warnings({"--storageClass=DEEP_ARCHIVE"}), "");
    EXPECT_EQ(mounted({"--storageClass=NEW_ONE"}).s3.storage_class, "NEW_ONE");
    EXPECT_TRUE(names(warnings({"--storageClass=NEW_ONE"}), {"warning", "`NEW_ONE'"}));
    for (const char* value : {"", "A B", "A\r\nx: y", "\xc3\xa4"}) {
        EXPECT_TRUE(names(refusal({"--storageClass=" + std::string(value)}), {"`storageClass'"}));
    }
}

TEST_F(OptionStorageTest, RrsIsAnOldNameThatAStorageClassOverrides) {
    EXPECT_EQ(mounted({"--rrs"}).s3.storage_class, "REDUCED_REDUNDANCY");
    EXPECT_TRUE(names(warnings({"--rrs"}), {"warning", "`rrs'", "storageClass"}));
    EXPECT_EQ(mounted({"--storageClass=STANDARD_IA", "--rrs"}).s3.storage_class, "STANDARD_IA");
}

TEST_F(OptionStorageTest, EncryptionByTheStore) {
    EXPECT_EQ(mounted({"--sse=AES256"}).s3.sse, "AES256");
    const Config config = mounted({"--sse=aws:kms", "--sse-key-id=arn:aws:kms:x"});
    EXPECT_EQ(config.s3.sse, "aws:kms");
    EXPECT_EQ(config.s3.sse_key_id, "arn:aws:kms:x");
    for (const char* value : {"", "aes256", "AES128"}) {
        EXPECT_TRUE(
            names(refusal({"--sse=" + std::string(value)}), {"`sse'", "AES256 or aws:kms"}));
    }
    EXPECT_TRUE(names(refusal({"--sse=aws:kms"}), {"`sse-key-id'"}));
    EXPECT_TRUE(names(refusal({"--sse=aws:kms", "--sse-key-id=a b"}), {"`sse-key-id'", "`a b'"}));
}

TEST_F(OptionStorageTest, ACustomersKeyIsRawOrInBase64) {
    const std::string raw("0123456789abcdef\0\n23456789ABCDEF", 32);
    write_file("key", raw);
    EXPECT_EQ(customer_key({"--ssl"}), raw);
    for (const char* end : {"", "\n", "\r\n"}) {
        write_file("key", "MDEyMzQ1Njc4OWFiY2RlZgAKMjM0NTY3ODlBQkNERUY=" + std::string(end));
        EXPECT_EQ(customer_key({"--ssl"}), raw);
    }
}

TEST_F(OptionStorageTest, AKeyOfAnotherFormIsRefused) {
    for (const size_t length : {0U, 31U, 33U, 43U, 44U, 1000U}) {
        write_file("key", std::string(length, '!'));
        EXPECT_TRUE(names(refusal({"--ssl", "--sseCustomerKeyFile=key"}),
                          {"`key'", "32 bytes, or their base64"}))
            << length;
    }
    EXPECT_TRUE(names(refusal({"--ssl", "--sseCustomerKeyFile=none"}),
                      {"`none'", "No such file or directory"}));
    EXPECT_TRUE(names(refusal({"--ssl", "--sseCustomerKeyFile=mnt"}), {"`mnt'"}));
}

TEST_F(OptionStorageTest, ACustomersKeyIsNotSentInTheClearButToThisMachine) {
    write_file("key", std::string(32, 'k'));
    for (const char* url : {"http://h/", "http://127.0.0.1.example/", "http://10.0.0.1:9000/",
                            "http://localhost.example/", "http://[::2]:9000/"}) {
        EXPECT_TRUE(names(refusal({"--sseCustomerKeyFile=key", "--baseURL=" + std::string(url)}),
                          {url, "https"}));
    }
    EXPECT_TRUE(names(refusal({"--sseCustomerKeyFile=key"}), {"https"}));
    for (const char* url : {"https://h/", "http://127.0.0.1:9000/", "http://localhost/",
                            "http://s3.localhost:1/", "http://[::1]:9000/"}) {
        EXPECT_EQ(customer_key({"--baseURL=" + std::string(url)}), std::string(32, 'k')) << url;
    }
}

TEST_F(OptionStorageTest, TwoWaysOfEncryptionExcludeEachOther) {
    write_file("key", std::string(32, 'k'));
    EXPECT_TRUE(names(refusal({"--ssl", "--sse=AES256", "--sseCustomerKeyFile=key"}),
                      {"`sse'", "`sseCustomerKeyFile'"}));
}

TEST_F(OptionStorageTest, NamesAndEncodingsOfObjects) {
    EXPECT_FALSE(mounted({}).block_hash_prefix);
    EXPECT_TRUE(mounted({"--blockHashPrefix"}).block_hash_prefix);
    EXPECT_EQ(mounted({"--defaultContentEncoding=deflate"}).s3.default_content_encoding, "deflate");
}

TEST_F(OptionStorageTest, TheOrderOfChecksIsThatOfS3backer) {
    EXPECT_TRUE(names(refusal({"--sse=x", "--storageClass=", "--baseURL=x"}), {"storageClass"}));
    EXPECT_TRUE(names(refusal({"--sse=x", "--baseURL=x"}), {"`sse'"}));
    EXPECT_TRUE(names(refusal({"--storageClass=", "--authVersion=x"}), {"authVersion"}));
}

}  // namespace
}  // namespace s3b
