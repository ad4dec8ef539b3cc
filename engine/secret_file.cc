// SPDX-License-Identifier: Apache-2.0
#include "engine/secret_file.h"

#include <cstdio>
#include <memory>

namespace s3b {

std::optional<std::string> read_secret_file(const std::string& path, size_t most) {
    const auto close = [](std::FILE* file) { std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "re"));
    if (!file) return std::nullopt;
    std::setvbuf(file.get(), nullptr, _IONBF, 0);  // a buffer would keep the secret
    std::string text(most, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) return std::nullopt;
    return text;
}

}  // namespace s3b
