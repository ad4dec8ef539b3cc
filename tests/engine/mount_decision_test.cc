// SPDX-License-Identifier: Apache-2.0
// The table of cache-and-consistency.md 3.9, with the refusals that the manual promises.
#include "engine/mount_decision.h"

#include <gtest/gtest.h>

namespace s3b {
namespace {

using Verdict = MountDecision::Verdict;

struct Row {
    std::optional<uint32_t> store;
    uint32_t file;
    uint64_t dirty;
    bool recover;
    bool force;
    Verdict expected;
    const char* said;  // part of the text; "": nothing
};

MountCase case_of(const Row& row) {
    MountCase mount;
    mount.store = row.store;
    mount.file = row.file;
    mount.dirty = row.dirty;
    mount.recover = row.recover;
    mount.force = row.force;
    return mount;
}

class MountDecisionTest : public ::testing::TestWithParam<Row> {};

TEST_P(MountDecisionTest, IsThatOfTheTable) {
    const MountDecision decision = decide_mount(case_of(GetParam()));
    EXPECT_EQ(decision.verdict, GetParam().expected) << decision.text;
    if (*GetParam().said == 0) {
        EXPECT_EQ(decision.text, "");
    } else {
        EXPECT_NE(decision.text.find(GetParam().said), std::string::npos) << decision.text;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, MountDecisionTest,
    ::testing::Values(
        Row{{}, 0, 0, false, false, Verdict::Start, ""},
        Row{{}, 0, 0, true, true, Verdict::Start, ""},
        Row{{}, 0, 2, true, false, Verdict::Start, "2 blocks that never reached the store; they"},
        Row{{}, 7, 0, true, false, Verdict::Start, ""},
        Row{{}, 7, 2, false, false, Verdict::Refuse, "0x00000007"},
        Row{{}, 7, 2, true, false, Verdict::Refuse, "--force"},
        Row{{}, 7, 2, true, true, Verdict::Start, "2 blocks"},
        Row{9, 0, 0, true, false, Verdict::Refuse, "mounted already, mount token 0x00000009"},
        Row{9, 0, 0, true, true, Verdict::Start, "because of --force"},
        Row{9, 9, 2, true, false, Verdict::Recover, "recovering 2 blocks"},
        Row{9, 9, 2, true, true, Verdict::Recover, "recovering 2 blocks"},
        Row{9, 9, 0, true, false, Verdict::Recover, ""},
        Row{9, 9, 1, false, false, Verdict::Refuse, "1 block that never reached the store"},
        Row{9, 9, 0, false, false, Verdict::Refuse, "--blockCacheRecoverDirtyBlocks"},
        Row{9, 9, 2, false, true, Verdict::Start, "they are dropped"},
        Row{9, 8, 2, true, false, Verdict::Refuse, "another one, 0x00000008"},
        Row{9, 8, 2, true, true, Verdict::Start, "they are dropped"}));

TEST(MountDecision, AReadOnlyMountWritesNothingBack) {
    MountCase mount = case_of({9, 9, 2, true, false, Verdict::Refuse, ""});
    mount.read_only = true;
    const MountDecision decision = decide_mount(mount);
    EXPECT_EQ(decision.verdict, Verdict::Refuse);
    EXPECT_NE(decision.text.find("read-only"), std::string::npos) << decision.text;
}

TEST(MountDecision, ADirectoryHasNoTokenAndRecoversByTheFileAlone) {
    MountCase mount = case_of({{}, 7, 2, true, false, Verdict::Recover, ""});
    mount.has_store_token = false;
    EXPECT_EQ(decide_mount(mount).verdict, Verdict::Recover);
    mount.recover = false;
    const MountDecision decision = decide_mount(mount);
    EXPECT_EQ(decision.verdict, Verdict::Refuse);
    EXPECT_NE(decision.text.find("--blockCacheRecoverDirtyBlocks"), std::string::npos);
    mount.force = true;
    EXPECT_EQ(decide_mount(mount).verdict, Verdict::Start);
}

}  // namespace
}  // namespace s3b
