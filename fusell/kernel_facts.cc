// SPDX-License-Identifier: Apache-2.0
#include "fusell/kernel_facts.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

namespace s3b::fusell {

namespace {

constexpr uint32_t kPage = 4096;
constexpr uint32_t kUsualTransfer = uint32_t{1} << 20;
constexpr KernelVersion kMendedRing{6, 18, 3};

/// The first word of a small file; empty if there is none.
std::string word_of(const char* path) {
    std::ifstream file(path);
    std::string word;
    file >> word;
    return word;
}

/// Takes a number off the front of `text`.
std::optional<uint32_t> take_number(std::string_view& text) {
    uint32_t number = 0;
    const auto [stop, failure] = std::from_chars(text.begin(), text.end(), number);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(stop - text.begin()));
    return number;
}

}  // namespace

KernelVersion parse_kernel_version(std::string_view release) {
    std::array<uint32_t, 3> parts{};
    for (uint32_t& part : parts) {
        const auto number = take_number(release);
        if (!number) break;
        part = *number;
        if (!release.starts_with('.')) break;
        release.remove_prefix(1);
    }
    return {parts[0], parts[1], parts[2]};
}

std::optional<uint32_t> parse_cpu_count(std::string_view list) {
    std::optional<uint32_t> last;
    while (!list.empty()) {
        last = take_number(list);
        if (!last || list.empty()) break;
        if (list.front() != '-' && list.front() != ',') return std::nullopt;
        list.remove_prefix(1);
        last.reset();  // a number must follow
    }
    return last ? std::optional(*last + 1) : std::nullopt;
}

KernelFacts read_kernel_facts() {
    KernelFacts facts;
    utsname name{};
    if (::uname(&name) == 0) facts.version = parse_kernel_version(name.release);
    const std::string parameter = word_of("/sys/module/fuse/parameters/enable_uring");
    if (!parameter.empty()) facts.uring_enabled = parameter == "Y" || parameter == "1";
    const std::string cpus = word_of("/sys/devices/system/cpu/possible");
    facts.possible_cpus = parse_cpu_count(cpus).value_or(facts.possible_cpus);
    const std::string limit = word_of("/proc/sys/fs/fuse/max_pages_limit");
    std::string_view pages(limit);
    facts.max_transfer_pages = take_number(pages).value_or(facts.max_transfer_pages);
    return facts;
}

std::string why_not_over_ring(FuseTransport wanted, const KernelFacts& facts, bool wide) {
    if (wanted == FuseTransport::Dev) return "fuseTransport=dev";
    if (!facts.uring_enabled) return "this kernel cannot do it; Linux 6.14 and later can";
    if (!*facts.uring_enabled) {
        return "it is switched off; to switch it on: "
               "echo Y > /sys/module/fuse/parameters/enable_uring";
    }
    if (!wide) return "this kernel refuses the ring that it takes";
    if (wanted == FuseTransport::Auto && facts.version < kMendedRing) {
        return "kernels before 6.18.3 have faults in it; fuseTransport=uring takes it all the same";
    }
    return {};
}

uint32_t transfer_size(std::optional<uint32_t> max_write, const KernelFacts& facts) {
    const uint64_t limit = uint64_t{std::max(facts.max_transfer_pages, 1U)} * kPage;
    const uint64_t wanted = std::max<uint64_t>(max_write.value_or(kUsualTransfer), kPage);
    return static_cast<uint32_t>(std::min(wanted / kPage * kPage, limit));
}

}  // namespace s3b::fusell
