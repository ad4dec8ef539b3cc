// SPDX-License-Identifier: Apache-2.0
// The object map together with its journal: each change is appended to the journal file before it
// is made, so that a server that was killed starts again with all that it had answered.
#pragma once

#include <string>
#include <string_view>

#include "tests/s3_server/object_map.h"

namespace s3b::test {

class Store {
public:
    // An empty path: nothing is kept. Otherwise the file is created if absent, replayed, and cut
    // after its last complete record. Throws std::runtime_error.
    explicit Store(const std::string& journal_path);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    const ObjectMap& objects() const { return objects_; }

    void create_bucket(std::string_view bucket);
    void put(std::string_view bucket, std::string_view key, ObjectPtr object);
    void remove(std::string_view bucket, std::string_view key);
    // As ObjectMap::fill; creates the bucket. Not written to the journal.
    void fill(std::string_view bucket, std::string_view prefix, uint64_t count,
              const ObjectPtr& object);

private:
    void replay(const std::string& content);
    void append(char kind, std::string_view bucket, std::string_view key, const Object* object);

    ObjectMap objects_;
    int journal_fd_ = -1;
};

}  // namespace s3b::test
