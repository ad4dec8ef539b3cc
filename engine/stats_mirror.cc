// SPDX-License-Identifier: Apache-2.0
#include "engine/stats_mirror.h"

#include <fcntl.h>

#include <cerrno>

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

Task<Result<bool>> StatsMirror::is_removed() {
    const int32_t file =
        co_await ring_.openat(AT_FDCWD, settings_.path.c_str(), O_PATH | O_CLOEXEC, 0);
    if (file == -ENOENT) co_return true;
    if (file < 0) co_return failed("open", file);
    co_await ring_.close(file);
    co_return false;
}

/// By way of another file: a reader sees the old text or the new one.
Task<Result<void>> StatsMirror::write() {
    if (written_) {
        CO_TRY(const bool removed, co_await is_removed());
        if (removed) settings_.reset();
    }
    const std::string fresh = settings_.path + ".new";
    const int32_t file = co_await ring_.openat(
        AT_FDCWD, fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0) co_return failed("open", file);
    const std::string text = settings_.text();
    const int32_t length = co_await ring_.write(file, std::as_bytes(std::span(text)), 0);
    co_await ring_.close(file);
    if (length < 0) co_return failed("write", length);
    if (static_cast<size_t>(length) != text.size()) co_return failed("write", -ENOSPC);
    const int32_t renamed =
        co_await ring_.renameat(AT_FDCWD, fresh.c_str(), AT_FDCWD, settings_.path.c_str());
    if (renamed < 0) co_return failed("rename", renamed);
    written_ = true;
    co_return ok();
}

}  // namespace s3b
