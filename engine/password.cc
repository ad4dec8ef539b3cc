// SPDX-License-Identifier: Apache-2.0
#include "engine/password.h"

#include <bsd/readpassphrase.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <span>

namespace s3b {

namespace {

/// Reads from `fd` until `into` is full or there is no more.
Result<size_t> read_full(int fd, std::span<std::byte> into) {
    size_t length = 0;
    while (length < into.size()) {
        const ssize_t count = read(fd, into.data() + length, into.size() - length);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Error(Errc::Io, "cannot be read", errno);
        if (count == 0) break;
        length += static_cast<size_t>(count);
    }
    return length;
}

}  // namespace

Result<codec::LockedBytes> read_password_file(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);  // a pipe is waited for
    if (fd < 0) return Error(Errc::Io, "cannot be read", errno);
    codec::LockedBytes start(kMaxPasswordBytes + 1);
    const Result<size_t> length = read_full(fd, start.span());
    close(fd);
    if (!length) return length.error();
    if (*length == 0) return Error(Errc::NotFound, "is empty");
    const std::string_view text = start.text().substr(0, *length);
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() > kMaxPasswordBytes) {
        return Error(Errc::NoSpace, "begins with a line of more than 1023 bytes");
    }
    if (line.find('\0') != std::string_view::npos) {
        return Error(Errc::InvalidArgument, "has a zero byte in its first line");
    }
    return codec::LockedBytes(line);
}

Result<codec::LockedBytes> prompt_for_password(const char* question) {
    codec::LockedBytes answer(kMaxPasswordBytes + 2);  // one more than allowed, and the end
    char* const text = reinterpret_cast<char*>(answer.span().data());
    if (readpassphrase(question, text, answer.size(), RPP_ECHO_OFF | RPP_REQUIRE_TTY) == nullptr) {
        if (errno != ENOTTY) return Error(Errc::Io, "the terminal cannot be read", errno);
        return Error(Errc::Unsupported, "there is no terminal to ask for it");
    }
    const size_t length = std::strlen(text);
    if (length == 0) return Error(Errc::NotFound, "the answer is empty");
    if (length > kMaxPasswordBytes) {
        return Error(Errc::NoSpace, "the answer is longer than 1023 bytes");
    }
    return codec::LockedBytes(answer.text().substr(0, length));
}

}  // namespace s3b
