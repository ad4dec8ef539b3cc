// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_record.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/reactor/temp_folder.h"

namespace s3b {
namespace {

class MountRecordTest : public ::testing::Test {
protected:
    static MountFacts facts() {
        MountFacts facts;
        facts.pid = getpid();
        facts.mount_point = "/mnt/a b";
        facts.store = "http://host/bucket/prefix";
        return facts;
    }
    TempFolder temp_;
    std::string folder_ = temp_.file("records");
};

TEST_F(MountRecordTest, TellsOfMountsWhoseProcessesLive) {
    EXPECT_TRUE(recorded_mounts(folder_).empty());
    {
        MountRecord record(folder_, facts());
        std::vector<MountFacts> found = recorded_mounts(folder_);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].pid, getpid());
        EXPECT_FALSE(found[0].unmounted);
        EXPECT_EQ(found[0].mount_point, "/mnt/a b");
        EXPECT_EQ(found[0].store, "http://host/bucket/prefix");
        record.set_unmounted();
        found = recorded_mounts(folder_);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_TRUE(found[0].unmounted);
    }
    EXPECT_TRUE(recorded_mounts(folder_).empty());
}

TEST_F(MountRecordTest, OfTheDeadAreRemovedAndRubbishIsPassedOver) {
    const MountRecord record(folder_, facts());
    std::ofstream(folder_ + "/123456") << "mounted\n/mnt\nstore\n";
    std::ofstream(folder_ + "/notes") << "nothing\n";
    EXPECT_EQ(recorded_mounts(folder_).size(), 1U);
    EXPECT_FALSE(std::ifstream(folder_ + "/123456").good());
    EXPECT_TRUE(std::ifstream(folder_ + "/notes").good());
}

TEST_F(MountRecordTest, IsWaitedForUntilTheProcessEnds) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
        MountFacts mine = facts();
        mine.pid = getpid();
        const MountRecord record(folder_, mine);
        char byte = 1;
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    const std::vector<MountFacts> found = recorded_mounts(folder_);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].pid, child);
    kill(child, SIGKILL);
    wait_for_end(folder_, found[0]);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    EXPECT_TRUE(recorded_mounts(folder_).empty());
    close(ready[0]);
    close(ready[1]);
}

TEST_F(MountRecordTest, WithoutAFolderNothingIsRecorded) {
    const MountRecord record("", facts());
    EXPECT_TRUE(recorded_mounts("").empty());
    const MountRecord other("/proc/nowhere", facts());
    EXPECT_TRUE(recorded_mounts("/proc/nowhere").empty());
}

}  // namespace
}  // namespace s3b
