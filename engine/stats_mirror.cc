// SPDX-License-Identifier: Apache-2.0
#include "engine/stats_mirror.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdio>

#include "engine/base/log.h"

namespace s3b {

namespace {
Error failed(const char* what, int32_t result) { return {Errc::Io, what, -result}; }
}  // namespace

Task<void> StatsMirror::run() {
    for (;;) {
        const Result<void> written = co_await write();
        if (!written.has_value()) {
            log::error("the copy of the statistics cannot be written, no more are made",
                       log::kv("file", std::string_view(settings_.path)),
                       log::kv("error", written.error()));
            co_return;
        }
        if (stopped_) co_return;
        co_await stopping_.wait_until(Scheduler::current().now() + settings_.interval);
    }
}

void StatsMirror::stop() {
    stopped_ = true;
    stopping_.wake_all();
}

/// By way of another file: a reader sees the old text or the new one.
Task<Result<void>> StatsMirror::write() {
    const std::string fresh = settings_.path + ".new";
    const int32_t file = co_await ring_.openat(
        AT_FDCWD, fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0) co_return failed("open", file);
    const std::string text = settings_.text();
    const int32_t length = co_await ring_.write(file, std::as_bytes(std::span(text)), 0);
    co_await ring_.close(file);
    if (length < 0) co_return failed("write", length);
    if (static_cast<size_t>(length) != text.size()) co_return failed("write", -ENOSPC);
    co_return co_await put_in_place(fresh);
}

/// Exchanged with the one before, so that a removal at any time is noticed.
Task<Result<void>> StatsMirror::put_in_place(std::string fresh) {
    const unsigned flags = written_ ? RENAME_EXCHANGE : 0;
    const int32_t renamed =
        co_await ring_.renameat(AT_FDCWD, fresh.c_str(), AT_FDCWD, settings_.path.c_str(), flags);
    if (renamed == -ENOENT && written_) {
        settings_.reset();
        written_ = false;
        co_return co_await write();
    }
    if (renamed < 0) co_return failed("rename", renamed);
    if (written_) {
        co_await ring_.unlinkat(AT_FDCWD, fresh.c_str());
    }
    written_ = true;
    co_return ok();
}

}  // namespace s3b
