// SPDX-License-Identifier: Apache-2.0
#include "engine/mount_record.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string_view>

#include "engine/base/log.h"

namespace s3b {

namespace {

constexpr std::string_view kMounted = "mounted";
constexpr std::string_view kUnmounted = "unmounted";
constexpr size_t kLongest = 64 * 1024;

std::string path_of(const std::string& folder, pid_t pid) {
    return folder + "/" + std::to_string(pid);
}

/// Three lines: what it does, mount point, store.
std::optional<MountFacts> parse(std::string_view text, pid_t pid) {
    std::array<std::string_view, 3> lines;
    for (std::string_view& line : lines) {
        const size_t end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        line = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    if (lines[0] != kMounted && lines[0] != kUnmounted) return std::nullopt;
    MountFacts facts;
    facts.pid = pid;
    facts.unmounted = lines[0] == kUnmounted;
    facts.mount_point = lines[1];
    facts.store = lines[2];
    return facts;
}

/// nullopt: the process of the record does not live, or says nothing of use.
std::optional<MountFacts> read_record(const std::string& path, pid_t pid) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return std::nullopt;
    std::optional<MountFacts> facts;
    if (flock(descriptor, LOCK_SH | LOCK_NB) == 0) {
        unlink(path.c_str());
    } else if (errno == EWOULDBLOCK) {
        std::string text(kLongest, '\0');
        const ssize_t length = pread(descriptor, text.data(), text.size(), 0);
        text.resize(length < 0 ? 0 : static_cast<size_t>(length));
        facts = parse(text, pid);
    }
    close(descriptor);
    return facts;
}

}  // namespace

std::string mount_record_folder(const net::Variables& variables) {
    if (geteuid() == 0) return "/run/s3backer";
    const std::string folder = net::variable(variables, "XDG_RUNTIME_DIR");
    return folder.empty() ? "" : folder + "/s3backer";
}

MountRecord::MountRecord(const std::string& folder, MountFacts facts) : facts_(std::move(facts)) {
    if (folder.empty()) return;
    mkdir(folder.c_str(), 0755);  // it may be there
    path_ = path_of(folder, facts_.pid);
    unlink(path_.c_str());  // of a process that had this number before
    descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor_ < 0 || flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        log::debug("this mount is not recorded", log::kv("file", std::string_view(path_)));
        return;
    }
    write();
}

MountRecord::~MountRecord() {
    if (descriptor_ < 0) return;
    unlink(path_.c_str());
    close(descriptor_);
}

void MountRecord::set_unmounted() {
    facts_.unmounted = true;
    write();
}

/// In one call, and never shorter than before.
void MountRecord::write() {
    if (descriptor_ < 0) return;
    const std::string text = std::string(facts_.unmounted ? kUnmounted : kMounted) + "\n" +
                             facts_.mount_point + "\n" + facts_.store + "\n";
    if (pwrite(descriptor_, text.data(), text.size(), 0) < 0) {
        log::debug("the record of this mount cannot be written");
    }
}

std::vector<MountFacts> recorded_mounts(const std::string& folder) {
    std::vector<MountFacts> mounts;
    const auto close_folder = [](DIR* open_folder) { closedir(open_folder); };
    const std::unique_ptr<DIR, decltype(close_folder)> entries(
        folder.empty() ? nullptr : opendir(folder.c_str()));
    if (!entries) return mounts;
    while (const dirent* const entry = readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        pid_t pid = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
        if (parsed.ec != std::errc() || parsed.ptr != name.data() + name.size()) continue;
        if (auto facts = read_record(path_of(folder, pid), pid)) mounts.push_back(*facts);
    }
    return mounts;
}

void wait_for_end(const std::string& folder, const MountFacts& facts) {
    const int descriptor =
        open(path_of(folder, facts.pid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return;
    while (flock(descriptor, LOCK_SH) != 0 && errno == EINTR) {
    }
    close(descriptor);
}

int wait_unmounted(const std::string& mount_point, const net::Variables& variables) {
    const std::string folder = mount_record_folder(variables);
    for (const MountFacts& facts : recorded_mounts(folder)) {
        if (facts.mount_point != mount_point) continue;
        std::fprintf(stderr, "s3backer: waiting for process %d, which %s\n",
                     static_cast<int>(facts.pid),
                     facts.unmounted ? "still writes back" : "has it mounted");
        wait_for_end(folder, facts);
    }
    return 0;
}

}  // namespace s3b
