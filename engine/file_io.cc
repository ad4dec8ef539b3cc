// SPDX-License-Identifier: Apache-2.0
#include "engine/file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace s3b {

int read_fully(int descriptor, std::span<std::byte> into, uint64_t offset) {
    while (!into.empty()) {
        const ssize_t count =
            pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) return EIO;
        into = into.subspan(static_cast<size_t>(count));
        offset += static_cast<uint64_t>(count);
    }
    return 0;
}

int write_fully(int descriptor, std::span<const std::byte> from, uint64_t offset) {
    while (!from.empty()) {
        const ssize_t count =
            pwrite(descriptor, from.data(), from.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        from = from.subspan(static_cast<size_t>(count));
        offset += static_cast<uint64_t>(count);
    }
    return 0;
}

int sync_folder_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    const int error = fsync(descriptor) == 0 ? 0 : errno;
    close(descriptor);
    return error;
}

}  // namespace s3b
