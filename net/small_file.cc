// SPDX-License-Identifier: Apache-2.0
#include "net/small_file.h"

#include <fcntl.h>

#include <cerrno>

#include "net/key_document.h"
#include "net/secret.h"

namespace s3b::net {

namespace {

constexpr size_t kMaxToken = 16 * 1024;

/// Until the end of the file, or until `into` and one byte more are full.
Task<Result<size_t>> read_all(Ring& ring, int fd, std::span<std::byte> into) {
    size_t length = 0;
    std::byte surplus{};
    for (;;) {
        const bool full = length == into.size();
        const std::span<std::byte> room =
            full ? std::span<std::byte>(&surplus, 1) : into.subspan(length);
        const int32_t count = co_await ring.read(fd, room, length);
        if (count == -EINTR) continue;
        if (count < 0) co_return Error(Errc::Io, "cannot read a file", -count);
        if (count == 0) co_return length;
        if (full) co_return Error(Errc::NoSpace, "a file is too large", EFBIG);
        length += static_cast<size_t>(count);
    }
}

}  // namespace

Task<Result<size_t>> read_small_file(Ring& ring, std::string path, std::span<std::byte> into) {
    // O_NONBLOCK: a FIFO without a writer is an error, not a wait without an end.
    constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    const int32_t fd = co_await ring.openat(AT_FDCWD, path.c_str(), kFlags, 0);
    if (fd == -ENOENT) co_return Error(Errc::NotFound, "no such file", ENOENT);
    if (fd < 0) co_return Error(Errc::Io, "cannot open a file", -fd);
    Result<size_t> length = co_await read_all(ring, fd, into);
    (void)co_await ring.close(fd);
    co_return length;
}

Task<Result<std::string>> read_token_file(Ring& ring, std::string path) {
    SecretBuffer file(kMaxToken);
    CO_TRY(const size_t length, co_await read_small_file(ring, path, file.span()));
    std::string_view token = file.text(length);
    while (token.ends_with('\n') || token.ends_with('\r')) token.remove_suffix(1);
    if (token.empty()) co_return Error(Errc::InvalidArgument, "a token file is empty");
    if (!is_header_safe(token)) {
        co_return Error(Errc::InvalidArgument, "a token file holds more than a token");
    }
    co_return std::string(token);
}

std::string absolute_name(const KeySourceSettings& settings, std::string_view name) {
    if (name.starts_with('/')) return std::string(name);
    if (name.starts_with("~/")) return settings.home + std::string(name.substr(1));
    return settings.directory + "/" + std::string(name);
}

}  // namespace s3b::net
