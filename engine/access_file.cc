// SPDX-License-Identifier: Apache-2.0
#include "engine/access_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace s3b {

namespace {

constexpr size_t kMaxFileSize = 1 << 20;  // thousands of credentials; not a device by mistake

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
}

std::optional<AccessEntry> parse_line(std::string_view line) {
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    if (line.empty() || line.front() == '#' || is_space(line.front())) return std::nullopt;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    return AccessEntry{std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))};
}

}  // namespace

std::optional<AccessEntry> find_access_entry(std::string_view text,
                                             std::optional<std::string_view> id) {
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size() - 1);
        std::optional<AccessEntry> found = parse_line(text.substr(0, end + 1));
        if (found && (!id || found->id == *id)) return found;
        text.remove_prefix(end + 1);
    }
    return std::nullopt;
}

Result<std::string> read_access_file(const std::string& path) {
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "re"));
    if (!file) return Error(Errc::Io, "cannot open the access file", errno);
    std::string text(kMaxFileSize + 1, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) return Error(Errc::Io, "cannot read the access file", errno);
    if (text.size() > kMaxFileSize) {
        return Error(Errc::NoSpace, "the access file is too large", EFBIG);
    }
    return text;
}

}  // namespace s3b
