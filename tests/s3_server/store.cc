// SPDX-License-Identifier: Apache-2.0
// The journal is a sequence of records. A record is one line, "KIND BUCKET KEY HEADERS BODY TIME"
// with the sizes of its four fields in bytes, then the fields, then a line feed.
#include "tests/s3_server/store.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "tests/s3_server/text.h"

namespace s3b::test {

namespace {

constexpr char kCreateBucket = 'B';
constexpr char kPut = 'P';
constexpr char kRemove = 'D';

struct Record {
    char kind = 0;
    std::string_view bucket;
    std::string_view key;
    std::string_view headers;
    std::string_view body;
    std::time_t modified = 0;
};

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error("journal: " + what + ": " + std::strerror(errno));
}

// Takes one record off `content`; none when it is incomplete.
std::optional<Record> take_record(std::string_view& content) {
    const size_t line_end = content.find('\n');
    if (line_end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::vector<std::string_view> words = split(content.substr(0, line_end), ' ');
    if (words.size() != 6 || words[0].size() != 1) {
        return std::nullopt;
    }
    Record record;
    record.kind = words[0].front();
    std::string_view rest = content.substr(line_end + 1);
    const std::array<std::string_view*, 4> fields{&record.bucket, &record.key, &record.headers,
                                                  &record.body};
    for (size_t i = 0; i < fields.size(); ++i) {
        const auto size = parse_number(words[i + 1]);
        if (!size || *size > rest.size()) {
            return std::nullopt;
        }
        *fields[i] = rest.substr(0, *size);
        rest.remove_prefix(*size);
    }
    const auto modified = parse_number(words[5]);
    if (!modified || !rest.starts_with('\n')) {
        return std::nullopt;
    }
    record.modified = static_cast<std::time_t>(*modified);
    content = rest.substr(1);
    return record;
}

HeaderList parse_headers(std::string_view text) {
    HeaderList headers;
    for (const std::string_view line : split(text, '\n')) {
        const size_t colon = line.find(':');
        if (colon != std::string_view::npos) {
            headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
        }
    }
    return headers;
}

std::string format_headers(const HeaderList& headers) {
    std::string text;
    for (const auto& [name, value] : headers) {
        text += name + ':' + value + '\n';
    }
    return text;
}

std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_all(int fd, std::array<iovec, 3> parts) {
    iovec* next = parts.data();
    int left = static_cast<int>(parts.size());
    while (left > 0) {
        const ssize_t written = ::writev(fd, next, left);
        if (written < 0 && errno != EINTR) {
            fail("write");
        }
        size_t done = written < 0 ? 0 : static_cast<size_t>(written);
        while (left > 0 && done >= next->iov_len) {
            done -= next->iov_len;
            ++next;
            --left;
        }
        if (left > 0) {
            next->iov_base = static_cast<char*>(next->iov_base) + done;
            next->iov_len -= done;
        }
    }
}

iovec part_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

Store::Store(const std::string& journal_path) {
    if (journal_path.empty()) {
        return;
    }
    journal_fd_ = ::open(journal_path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (journal_fd_ < 0) {
        fail("open " + journal_path);
    }
    replay(read_all(journal_path));
}

Store::~Store() {
    if (journal_fd_ >= 0) {
        ::close(journal_fd_);
    }
}

void Store::replay(const std::string& content) {
    std::string_view rest = content;
    while (const auto record = take_record(rest)) {
        objects_.create_bucket(record->bucket);
        if (record->kind == kPut) {
            objects_.put(record->bucket, record->key,
                         make_object(std::string(record->body), parse_headers(record->headers),
                                     record->modified));
        } else if (record->kind == kRemove) {
            objects_.remove(record->bucket, record->key);
        }
    }
    const size_t good = content.size() - rest.size();
    if (!rest.empty() && ::ftruncate(journal_fd_, static_cast<off_t>(good)) != 0) {
        fail("truncate");
    }
}

void Store::append(char kind, std::string_view bucket, std::string_view key, const Object* object) {
    if (journal_fd_ < 0) {
        return;
    }
    const std::string headers = object ? format_headers(object->headers) : std::string();
    const std::string_view body = object ? std::string_view(object->body) : std::string_view();
    const std::time_t modified = object ? object->modified : 0;
    std::string head{kind};
    for (const size_t number :
         {bucket.size(), key.size(), headers.size(), body.size(), static_cast<size_t>(modified)}) {
        head += ' ' + std::to_string(number);
    }
    head += '\n';
    head += bucket;
    head += key;
    head += headers;
    write_all(journal_fd_, {part_of(head), part_of(body), part_of("\n")});
}

void Store::create_bucket(std::string_view bucket) {
    if (!objects_.has_bucket(bucket)) {
        append(kCreateBucket, bucket, {}, nullptr);
        objects_.create_bucket(bucket);
    }
}

void Store::put(std::string_view bucket, std::string_view key, ObjectPtr object) {
    append(kPut, bucket, key, object.get());
    objects_.put(bucket, key, std::move(object));
}

void Store::remove(std::string_view bucket, std::string_view key) {
    append(kRemove, bucket, key, nullptr);
    objects_.remove(bucket, key);
}

void Store::fill(std::string_view bucket, std::string_view prefix, uint64_t count,
                 const ObjectPtr& object) {
    create_bucket(bucket);
    objects_.fill(bucket, prefix, count, object);
}

}  // namespace s3b::test
