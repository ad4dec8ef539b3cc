// SPDX-License-Identifier: Apache-2.0
// The files that s3backer wrote, and ours: what is read from them, what is refused, what a resize
// keeps.
#include "engine/cache_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cache/file_map.h"
#include "codec/hash.h"
#include "codec/text.h"
#include "engine/file_io.h"
#include "tests/reactor/temp_folder.h"

namespace s3b {
namespace {

using cache::FileEntry;
using Flaw = CacheFile::Flaw;

struct Found {
    uint32_t slot;
    FileEntry entry;
    Flaw flaw;
};

std::vector<Found> entries_of(const CacheFile& file) {
    std::vector<Found> found;
    EXPECT_EQ(file.scan([&found](SlotIndex slot, const FileEntry& entry, Flaw flaw) {
        found.push_back({slot.value, entry, flaw});
    }),
              "");
    return found;
}

std::vector<std::byte> slot_bytes(const CacheFile& file, SlotIndex slot) {
    const cache::FileLayout& layout = file.header().layout;
    std::vector<std::byte> bytes(layout.block_size.value);
    EXPECT_EQ(read_fully(file.descriptor(), bytes, layout.slot_offset(slot)), 0);
    return bytes;
}

std::string hex(const Md5& md5) { return codec::to_hex(md5.bytes); }

class CacheFileTest : public ::testing::Test {
protected:
    std::string path() const { return folder_.file("cache"); }
    std::unique_ptr<CacheFile> open(uint64_t block_size = 4096) {
        CacheFile::Opened opened = CacheFile::open(path(), ByteCount(block_size));
        EXPECT_EQ(opened.wrong, "");
        return std::move(opened.file);
    }
    std::unique_ptr<CacheFile> create(uint32_t slots, uint64_t block_size = 4096) {
        CacheFile::Opened made = CacheFile::create(path(), ByteCount(block_size), SlotCount(slots));
        EXPECT_EQ(made.wrong, "");
        return std::move(made.file);
    }
    void put(const CacheFile& file, uint32_t slot, const FileEntry& entry, int fill) {
        const cache::FileLayout& layout = file.header().layout;
        const std::vector<std::byte> bytes(layout.block_size.value, std::byte(fill));
        ASSERT_EQ(write_fully(file.descriptor(), bytes, layout.slot_offset(SlotIndex(slot))), 0);
        const auto encoded = cache::encode_entry(entry);
        ASSERT_EQ(write_fully(file.descriptor(), encoded, layout.entry_offset(SlotIndex(slot))), 0);
    }
    std::string refusal(uint64_t block_size = 4096) {
        CacheFile::Opened opened = CacheFile::open(path(), ByteCount(block_size));
        EXPECT_EQ(opened.file, nullptr);
        return opened.wrong;
    }
    void patch(uint64_t offset, uint32_t value) {
        const int descriptor = ::open(path().c_str(), O_RDWR);
        ASSERT_EQ(write_fully(descriptor, std::as_bytes(std::span(&value, 1)), offset), 0);
        close(descriptor);
    }

    TempFolder folder_;
};

FileEntry clean(uint32_t block) {
    FileEntry entry{BlockNumber(block), Md5{}, false};
    entry.etag->bytes[3] = std::byte(block + 1);
    return entry;
}
FileEntry dirty(uint32_t block) { return {BlockNumber(block), std::nullopt, true}; }

// ---- what s3backer wrote

class GoldenCacheFileTest : public CacheFileTest,
                            public ::testing::WithParamInterface<nlohmann::json> {};

void compare_slot(const CacheFile& file, const nlohmann::json& wanted, const Found& found) {
    EXPECT_EQ(wanted["slot"], found.slot);
    EXPECT_EQ(wanted["block"], found.entry.block.value);
    EXPECT_EQ(wanted["state"] == "dirty", found.entry.dirty);
    EXPECT_EQ(wanted["etag"], hex(found.entry.etag.value_or(Md5{})));
    if (found.flaw == Flaw::Missing) return;
    EXPECT_EQ(wanted["content_md5"], hex(codec::md5(slot_bytes(file, SlotIndex(found.slot)))));
}

TEST_P(GoldenCacheFileTest, IsReadAsItWasWritten) {
    const nlohmann::json& golden = GetParam();
    const std::string name = golden["file"];
    std::filesystem::copy_file(S3B_GOLDEN_CACHE_FILES "/" + name, path());
    const auto file = open(golden["header"]["block_size"]);
    ASSERT_NE(file, nullptr);
    const cache::FileHeader& header = file->header();
    EXPECT_EQ(golden["header"]["format"] == "v1", header.layout.version == cache::FileVersion::V1);
    EXPECT_EQ(golden["header"]["max_blocks"], header.layout.slots.value);
    EXPECT_EQ(golden["header"]["data_offset"], header.layout.data_offset());
    const nlohmann::json& token = golden["header"]["mount_token"];
    EXPECT_EQ(token.is_null() ? 0 : std::stoul(token.get<std::string>(), nullptr, 16),
              header.token);
    EXPECT_FALSE(header.token != 0 && header.ordered)
        << "s3backer wrote it, in an order of its own";
    const std::vector<Found> found = entries_of(*file);
    size_t next = 0;
    for (const nlohmann::json& wanted : golden["used_or_stale_slots"]) {
        if (wanted["state"] == "free") continue;
        ASSERT_LT(next, found.size());
        compare_slot(*file, wanted, found[next++]);
    }
    EXPECT_EQ(next, found.size());
}

std::vector<nlohmann::json> golden_files() {
    std::ifstream stream(S3B_GOLDEN_CACHE_FILES "/expected.json");
    const nlohmann::json all = nlohmann::json::parse(stream);
    return {all.begin(), all.end()};
}

std::string golden_name(const ::testing::TestParamInfo<nlohmann::json>& info) {
    std::string name = info.param["file"];
    for (char& c : name) {
        if (c == '-' || c == '.') c = '_';
    }
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenCacheFileTest, ::testing::ValuesIn(golden_files()),
                         golden_name);

TEST_F(CacheFileTest, ABlockWhoseSlotWasCutOffIsFoundOut) {
    std::filesystem::copy_file(S3B_GOLDEN_CACHE_FILES "/v2-short-tail-8k.2_1_6", path());
    const auto found = entries_of(*open(8192));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[1].flaw, Flaw::None);
    EXPECT_EQ(found[2].flaw, Flaw::Missing);
}

TEST_F(CacheFileTest, ABlockListedTwiceIsTakenOnce) {
    std::filesystem::copy_file(S3B_GOLDEN_CACHE_FILES "/v1-damaged-by-1_5_4-4k", path());
    const auto file = open();
    cache::FileMap map({.layout = file->header().layout});
    std::vector<uint32_t> taken;
    for (const Found& found : entries_of(*file)) {
        if (map.load(SlotIndex(found.slot), found.entry, BlockCount(256))) {
            taken.push_back(found.slot);
        }
    }
    EXPECT_EQ(taken.size(), 2U);
    EXPECT_EQ(map.used(), 2U);
}

// ---- ours

TEST_F(CacheFileTest, IsMadeForItsOwnerWithAllItsSpace) {
    const auto file = create(100);
    struct stat status{};
    ASSERT_EQ(stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    EXPECT_EQ(static_cast<uint64_t>(status.st_size), 4096U + 100 * 4096);
    EXPECT_GE(status.st_blocks * 512, status.st_size);
    EXPECT_TRUE(entries_of(*file).empty());
}

TEST_F(CacheFileTest, IsForOneProcess) {
    const auto file = create(4);
    EXPECT_NE(refusal().find("another process uses it"), std::string::npos);
}

TEST_F(CacheFileTest, WithoutAFileNothingIsWrong) {
    const CacheFile::Opened opened = CacheFile::open(path(), ByteCount(4096));
    EXPECT_EQ(opened.file, nullptr);
    EXPECT_EQ(opened.wrong, "");
}

TEST_F(CacheFileTest, TheTokenIsKept) {
    create(4)->set_token(0x1234567);
    const auto file = open();
    EXPECT_EQ(file->header().token, 0x1234567U);
    EXPECT_TRUE(file->header().ordered);
}

TEST_F(CacheFileTest, AfterAMountByS3backerTheOrderOfWritesIsNotOurs) {
    create(4)->set_token(0);
    patch(32, 0x7654321);
    EXPECT_FALSE(open()->header().ordered);
}

TEST_F(CacheFileTest, NoSpaceIsNoticedAtOnce) {
    CacheFile::Opened made =
        CacheFile::create(path(), ByteCount(uint64_t{1} << 31), SlotCount(1 << 30));
    EXPECT_EQ(made.file, nullptr);
    EXPECT_NE(made.wrong.find("lower `blockCacheSize'"), std::string::npos) << made.wrong;
    EXPECT_FALSE(std::filesystem::exists(path()));
}

/// A header field that is not as it should be, and a word of what is said about it.
struct Damage {
    const char* name;
    uint64_t offset;
    uint32_t value;
    const char* word;
};
class DamagedHeaderTest : public CacheFileTest, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedHeaderTest, IsRefusedByNameAndLeftAlone) {
    create(4).reset();
    patch(GetParam().offset, GetParam().value);
    const std::string wrong = refusal();
    EXPECT_NE(wrong.find(path()), std::string::npos);
    EXPECT_NE(wrong.find(GetParam().word), std::string::npos) << wrong;
}

constexpr Damage kDamages[] = {
    {"Signature", 0, 7, "signature"},     {"HeaderSize", 4, 48, "header size"},
    {"OtherHeader", 4, 32, "contradict"}, {"UintSize", 8, 8, "integers"},
    {"NumberSize", 12, 8, "integers"},    {"BlockSize", 16, 8192, "`blockSize'"},
    {"Alignment", 20, 65536, "pages"},    {"Flags", 24, 3, "unknown flags"},
    {"NoSlots", 28, 0, "0 slots"},        {"TooManySlots", 28, 1 << 20, "cut off"},
};
INSTANTIATE_TEST_SUITE_P(All, DamagedHeaderTest, ::testing::ValuesIn(kDamages),
                         [](const auto& damage) { return damage.param.name; });

TEST_F(CacheFileTest, AnythingThatIsNoHeaderIsRefused) {
    for (const size_t length : {0UL, 1UL, 31UL, 32UL, 63UL, 64UL, 5000UL}) {
        std::ofstream(path(), std::ios::trunc) << std::string(length, 'x');
        EXPECT_NE(refusal().find("no cache file"), std::string::npos) << length;
    }
}

// ---- resizing

TEST_F(CacheFileTest, GrowingKeepsTokenAndBlocks) {
    auto file = create(3);
    put(*file, 0, clean(7), 1);
    put(*file, 2, dirty(9), 2);
    ASSERT_EQ(file->set_token(77), "");
    ASSERT_EQ(file->resize(SlotCount(300)), "");
    file.reset();
    file = open();
    EXPECT_EQ(file->header().token, 77U);
    EXPECT_EQ(file->header().layout.slots.value, 300U);
    const auto found = entries_of(*file);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].entry, dirty(9));
    EXPECT_EQ(found[1].entry, clean(7));
    EXPECT_EQ(slot_bytes(*file, SlotIndex(0))[5], std::byte{2});
    EXPECT_EQ(slot_bytes(*file, SlotIndex(1))[5], std::byte{1});
}

TEST_F(CacheFileTest, ShrinkingKeepsEveryDirtyBlock) {
    auto file = create(8);
    for (uint32_t i = 0; i < 5; ++i) put(*file, i, clean(i + 1), 1);
    put(*file, 6, dirty(20), 2);
    put(*file, 7, dirty(21), 3);
    ASSERT_EQ(file->resize(SlotCount(3)), "");
    const auto found = entries_of(*file);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].entry, dirty(20));
    EXPECT_EQ(found[1].entry, dirty(21));
    EXPECT_EQ(found[2].entry, clean(1));
}

TEST_F(CacheFileTest, ShrinkingBelowTheDirtyBlocksIsRefusedAndChangesNothing) {
    auto file = create(4);
    for (uint32_t i = 0; i < 4; ++i) put(*file, i, dirty(i + 1), 1);
    EXPECT_NE(file->resize(SlotCount(3)).find("blockCacheSize=3"), std::string::npos);
    EXPECT_EQ(file->header().layout.slots.value, 4U);
    EXPECT_EQ(entries_of(*file).size(), 4U);
    EXPECT_FALSE(std::filesystem::exists(path() + ".new"));
}

TEST_F(CacheFileTest, ALeftOverOfAResizeIsNoObstacle) {
    auto file = create(4);
    std::ofstream(path() + ".new") << "half written";
    EXPECT_EQ(file->resize(SlotCount(5)), "");
    file.reset();
    EXPECT_EQ(open()->header().layout.slots.value, 5U);
}

TEST_F(CacheFileTest, AnOldFileBecomesANewOne) {
    std::filesystem::copy_file(S3B_GOLDEN_CACHE_FILES "/v1-clean-4k.1_4_3", path());
    auto file = open();
    const auto before = entries_of(*file);
    ASSERT_EQ(file->resize(SlotCount(8)), "");
    file.reset();
    file = open();
    EXPECT_EQ(file->header().layout.version, cache::FileVersion::V2);
    const auto after = entries_of(*file);
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].entry, before[i].entry);
}

// ---- entries in two sectors

TEST_F(CacheFileTest, AHalfWrittenEntryIsFoundOut) {
    auto file = create(64);
    uint32_t slot = 0;
    while (!file->header().layout.may_tear(SlotIndex(slot))) ++slot;
    put(*file, slot, {BlockNumber(0), std::nullopt, true}, 1);
    ASSERT_EQ(file->set_token(5), "");
    EXPECT_EQ(entries_of(*file).at(0).flaw, Flaw::Torn);
    put(*file, slot, dirty(9), 1);
    EXPECT_EQ(entries_of(*file).at(0).flaw, Flaw::None);
}

}  // namespace
}  // namespace s3b
