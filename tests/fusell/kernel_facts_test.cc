// SPDX-License-Identifier: Apache-2.0
// What the kernel's files say, and which transport follows from it.
#include "fusell/kernel_facts.h"

#include <gtest/gtest.h>

namespace s3b::fusell {
namespace {

TEST(KernelFacts, AReleaseBeginsWithItsNumbers) {
    EXPECT_EQ(parse_kernel_version("6.18.3"), (KernelVersion{6, 18, 3}));
    EXPECT_EQ(parse_kernel_version("6.1.0-13-amd64"), (KernelVersion{6, 1, 0}));
    EXPECT_EQ(parse_kernel_version("7.0-rc1"), (KernelVersion{7, 0, 0}));
    EXPECT_EQ(parse_kernel_version("6."), (KernelVersion{6, 0, 0}));
    EXPECT_EQ(parse_kernel_version("strange"), KernelVersion());
    EXPECT_LT(parse_kernel_version("6.9.12"), parse_kernel_version("6.18.3"));
}

TEST(KernelFacts, AListOfCpusTellsHowManyQueuesThereAre) {
    EXPECT_EQ(parse_cpu_count("0"), 1U);
    EXPECT_EQ(parse_cpu_count("0-3"), 4U);
    EXPECT_EQ(parse_cpu_count("0-3,8-11"), 12U);
    EXPECT_EQ(parse_cpu_count("0,2"), 3U);
    for (const char* wrong : {"", "-", "x", "0-", "0-3,", "0;1"}) {
        EXPECT_EQ(parse_cpu_count(wrong), std::nullopt) << wrong;
    }
}

TEST(KernelFacts, ThisKernelHasSome) {
    const KernelFacts facts = read_kernel_facts();
    EXPECT_GE(facts.version, (KernelVersion{4, 0, 0}));
    EXPECT_GE(facts.possible_cpus, 1U);
    EXPECT_GE(facts.max_transfer_pages, 1U);
}

class TransportChoice : public ::testing::Test {
protected:
    TransportChoice() {
        facts_.version = {6, 18, 3};
        facts_.uring_enabled = true;
    }
    std::string why_not(FuseTransport wanted = FuseTransport::Auto, bool wide = true) const {
        return why_not_over_ring(wanted, facts_, wide);
    }
    bool why_not_names(const std::string& what) const {
        return why_not().find(what) != std::string::npos;
    }
    KernelFacts facts_;
};

TEST_F(TransportChoice, TheRingIsTakenWhereAllIsWell) {
    EXPECT_EQ(why_not(), "");
    EXPECT_EQ(why_not(FuseTransport::Uring), "");
}

TEST_F(TransportChoice, TheDeviceIsTakenIfTheUserWantsIt) {
    EXPECT_EQ(why_not(FuseTransport::Dev), "fuseTransport=dev");
}

TEST_F(TransportChoice, AKernelThatHasItNotIsNamed) {
    facts_.uring_enabled = std::nullopt;
    EXPECT_TRUE(why_not_names("Linux 6.14"));
    EXPECT_NE(why_not(FuseTransport::Uring), "");
}

TEST_F(TransportChoice, TheParameterThatIsOffIsNamed) {
    facts_.uring_enabled = false;
    EXPECT_TRUE(why_not_names("/sys/module/fuse/parameters/enable_uring"));
}

TEST_F(TransportChoice, OldKernelsAreUsedOnlyIfTheUserInsists) {
    facts_.version = {6, 18, 2};
    EXPECT_TRUE(why_not_names("6.18.3"));
    EXPECT_EQ(why_not(FuseTransport::Uring), "");
}

TEST_F(TransportChoice, ARingOfShortEntriesWillNotDo) {
    EXPECT_NE(why_not(FuseTransport::Uring, false), "");
}

TEST(TransferSize, IsOneMebibyteUnlessToldOtherwise) {
    KernelFacts facts;
    EXPECT_EQ(transfer_size(std::nullopt, facts), 1U << 20);
    EXPECT_EQ(transfer_size(128 << 10, facts), 128U << 10);
    EXPECT_EQ(transfer_size(10'000, facts), 8192U);  // whole pages
    EXPECT_EQ(transfer_size(0, facts), 4096U);
}

TEST(TransferSize, TheKernelLimitsIt) {
    KernelFacts facts;
    EXPECT_EQ(transfer_size(4 << 20, facts), 1U << 20);
    facts.max_transfer_pages = 1024;
    EXPECT_EQ(transfer_size(4 << 20, facts), 4U << 20);
    EXPECT_EQ(transfer_size(UINT32_MAX, facts), 4U << 20);
    EXPECT_EQ(transfer_size(std::nullopt, facts), 1U << 20);
    facts.max_transfer_pages = 16;
    EXPECT_EQ(transfer_size(std::nullopt, facts), 64U << 10);
}

}  // namespace
}  // namespace s3b::fusell
