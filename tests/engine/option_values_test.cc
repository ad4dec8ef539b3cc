// SPDX-License-Identifier: Apache-2.0
#include "engine/option_values.h"

#include <gtest/gtest.h>

namespace s3b {

namespace {

struct SizeForm {
    const char* text;
    uint64_t bytes;
};

TEST(SizeTest, IsANumberWithOrWithoutAUnitLetter) {
    static constexpr SizeForm kForms[] = {
        {"1", 1},
        {"4096", 4096},
        {"1048576", 1048576},
        {"4k", uint64_t(4) << 10},
        {"4K", uint64_t(4) << 10},
        {"3m", uint64_t(3) << 20},
        {"3M", uint64_t(3) << 20},
        {"2g", uint64_t(2) << 30},
        {"2G", uint64_t(2) << 30},
        {"17t", uint64_t(17) << 40},
        {"17T", uint64_t(17) << 40},
        {"5p", uint64_t(5) << 50},
        {"5P", uint64_t(5) << 50},
        {"8e", uint64_t(8) << 60},
        {"15E", uint64_t(15) << 60},
        {"10 m", uint64_t(10) << 20},
        {" 7", 7},
        {"18446744073709551615", ~uint64_t(0)},
    };
    for (const SizeForm& form : kForms) {
        ByteCount size;
        EXPECT_EQ(parse_size(form.text, size), std::nullopt) << form.text;
        EXPECT_EQ(size.value, form.bytes) << form.text;
    }
}

TEST(SizeTest, OfAnyOtherFormIsRefused) {
    for (const char* text :
         {"",   " ",  "k",  "0",  "0k",  "1x", "1X",  "2mb", "2MB", "1KiB", "1.5G", "0x10",
          "1z", "1Z", "1y", "1Y", "1kk", "-1", "-1k", "+1",  "1k ", "1,5g", "ten"}) {
        ByteCount size;
        EXPECT_NE(parse_size(text, size), std::nullopt) << text;
    }
}

TEST(SizeTest, ThatDoesNotFitIn64BitsIsRefused) {
    for (const char* text : {"16e", "16E", "17e", "16384p", "18446744073709551616",
                             "99999999999999999999999k", "18014398509481984k"}) {
        ByteCount size;
        const Complaint wrong = parse_size(text, size);
        ASSERT_NE(wrong, std::nullopt) << text;
        EXPECT_NE(wrong->find("too large"), std::string::npos) << *wrong;
    }
}

TEST(SizeTest, IsPrintedWithTheLargestUnitThatDividesIt) {
    static constexpr SizeForm kForms[] = {
        {"4k", 4096},
        {"1m", 1048576},
        {"1000k", 1024000},
        {"3000", 3000},
        {"0", 0},
        {"1023", 1023},
        {"1k", 1024},
        {"16t", uint64_t(1) << 44},
        {"8e", uint64_t(1) << 63},
    };
    for (const SizeForm& form : kForms) EXPECT_EQ(format_size(ByteCount(form.bytes)), form.text);
}

TEST(NumberTest, HasDecimalDigitsAfterBlanks) {
    uint32_t number = 1;
    EXPECT_EQ(parse_number("0", number), std::nullopt);
    EXPECT_EQ(number, 0U);
    EXPECT_EQ(parse_number(" 0042", number), std::nullopt);
    EXPECT_EQ(number, 42U);
    EXPECT_EQ(parse_number("4294967295", number), std::nullopt);
    EXPECT_EQ(number, 4294967295U);
}

TEST(NumberTest, OfAnyOtherFormIsRefusedAndChangesNothing) {
    for (const char* text : {"", " ", "abc", "10k", "2m", "-1", "+1", "4294967296",
                             "99999999999999999999", "1.5", "0x1f", "1 ", "1 2"}) {
        uint32_t number = 7;
        EXPECT_NE(parse_number(text, number), std::nullopt) << text;
        EXPECT_EQ(number, 7U) << text;
    }
}

TEST(NumberTest, WithSomethingLeftOverIsRefusedByShowingIt) {
    uint32_t number = 0;
    const Complaint wrong = parse_number("2m", number);
    ASSERT_NE(wrong, std::nullopt);
    EXPECT_NE(wrong->find("`m'"), std::string::npos) << *wrong;
}

TEST(OctalTest, HasOctalDigits) {
    uint32_t number = 0;
    EXPECT_EQ(parse_octal("0644", number), std::nullopt);
    EXPECT_EQ(number, 0644U);
    EXPECT_EQ(parse_octal("17777", number), std::nullopt);
    EXPECT_EQ(number, 017777U);
}

TEST(OctalTest, OfAnyOtherFormIsRefused) {
    for (const char* text : {"", "999", "0o644", "68", "-7", "rw", "40000000000"}) {
        uint32_t number = 0;
        EXPECT_NE(parse_octal(text, number), std::nullopt) << text;
    }
}

}  // namespace

}  // namespace s3b
