// SPDX-License-Identifier: Apache-2.0
// A folder that is gone with all its files when the test ends.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "engine/base/check.h"

namespace s3b {

class TempFolder {
public:
    TempFolder() : path_((std::filesystem::temp_directory_path() / "s3b-test-XXXXXX").string()) {
        CHECK(mkdtemp(path_.data()) != nullptr);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace s3b
