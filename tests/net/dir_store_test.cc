// SPDX-License-Identifier: Apache-2.0
// What the directory store leaves on disk: wire-format.md 9.
#include "net/dir_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "engine/reactor/reactor.h"
#include "tests/net/store_steps.h"
#include "tests/net/test_server.h"

namespace s3b::net {
namespace {

class DirStoreTest : public ::testing::Test {
protected:
    void run(Task<void> task) { reactor_.run(std::move(task)); }
    std::string path(const std::string& name) const { return directory_.path() + '/' + name; }
    size_t files() const {
        const std::filesystem::directory_iterator all(directory_.path());
        return static_cast<size_t>(std::distance(begin(all), end(all)));
    }
    Result<ETag> put(std::string key) {
        static constexpr auto kPut = [](DirStore& store, std::string name,
                                        Result<ETag>& outcome) -> Task<void> {
            const std::vector<std::byte> body = pattern(4096, 1);
            const PutRequest request = put_of(name, body);
            outcome = co_await store.put(request);
        };
        Result<ETag> outcome(ETag{});
        run(kPut(store_, std::move(key), outcome));
        return outcome;
    }

    Result<void> flush() {
        static constexpr auto kFlush = [](DirStore& store, Result<void>& outcome) -> Task<void> {
            outcome = co_await store.flush();
        };
        Result<void> outcome;
        run(kFlush(store_, outcome));
        return outcome;
    }

    TemporaryDirectory directory_;
    Reactor reactor_;
    DirStore store_{reactor_.ring(), directory_.path()};
};

TEST_F(DirStoreTest, AnObjectIsAFileWithItsBytesForTheOwnerAlone) {
    expect_ok(put("00000001"));
    struct stat status{};
    ASSERT_EQ(stat(path("00000001").c_str(), &status), 0);
    EXPECT_EQ(status.st_size, 4096);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_EQ(files(), 1U);
}

TEST_F(DirStoreTest, ASlashInTheKeyNamesASubdirectoryThatMustExist) {
    const Result<ETag> missing = put("p/00000001");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, Errc::Io);
    EXPECT_EQ(missing.error().sys_errno, ENOENT);
    std::filesystem::create_directory(path("p"));
    expect_ok(put("p/00000001"));
    EXPECT_TRUE(std::filesystem::exists(path("p/00000001")));
}

TEST_F(DirStoreTest, AFailedPutLeavesNoTemporaryFile) {
    std::filesystem::create_directories(path("00000001/not-empty"));
    const Result<ETag> outcome = put("00000001");
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().sys_errno, EISDIR);
    EXPECT_EQ(files(), 1U);
}

TEST_F(DirStoreTest, AShortFileIsReportedByItsLength) {
    std::ofstream(path("00000001")) << "abc";
    static constexpr auto kTest = [](DirStore& store) -> Task<void> {
        std::vector<std::byte> into(4096);
        const Result<GetReply> reply = co_await store.get("00000001", into, no_condition());
        expect_ok(reply);
        if (!reply.has_value()) co_return;
        EXPECT_EQ(reply->length.value, 3U);
    };
    run(kTest(store_));
}

TEST_F(DirStoreTest, FlushOfARemovedDirectoryIsNoError) {
    std::filesystem::create_directory(path("p"));
    expect_ok(put("p/00000001"));
    std::filesystem::remove_all(path("p"));
    static constexpr auto kTest = [](DirStore& store) -> Task<void> {
        const Result<void> flushed = co_await store.flush();
        expect_ok(flushed);
    };
    run(kTest(store_));
}

TEST_F(DirStoreTest, AFileThatCouldNotBeSyncedFailsEachFlushUntilItIsWrittenAgain) {
    expect_ok(put("00000001"));
    expect_ok(put("00000002"));
    std::filesystem::remove(path("00000001"));
    std::filesystem::create_symlink("/dev/null", path("00000001"));  // cannot be synced
    EXPECT_FALSE(flush().has_value());
    std::filesystem::remove(path("00000001"));
    std::ofstream(path("00000001")) << "x";
    EXPECT_FALSE(flush().has_value());  // what was lost is not there because others are
    expect_ok(put("00000001"));
    EXPECT_TRUE(flush().has_value());
}

TEST_F(DirStoreTest, AListHasTheFilesOfTheDirectoryThatThePrefixNames) {
    for (const char* key : {"p/q-1", "p/q-2", "p/r", "q-3"}) {
        std::filesystem::create_directory(path("p"));
        expect_ok(put(key));
    }
    std::filesystem::create_directory(path("q-4"));
    static constexpr auto kTest = [](DirStore& store) -> Task<void> {
        co_await expect_keys(store, "p/q", "", "p/q-1 p/q-2");
        co_await expect_keys(store, "p/", "p/q-1", "p/q-2 p/r");
        co_await expect_keys(store, "q", "", "q-3");
        co_await expect_keys(store, "missing/", "", "");
    };
    run(kTest(store_));
}

}  // namespace
}  // namespace s3b::net
