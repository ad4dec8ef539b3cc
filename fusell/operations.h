// SPDX-License-Identifier: Apache-2.0
// Routes each request: READ and WRITE to the data path, the others through libfuse to one short
// verb each. Source: command-line.md 3.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fusell/data_path.h"
#include "fusell/inodes.h"
#include "fusell/libfuse.h"
#include "fusell/mount_options.h"
#include "fusell/transport.h"
#include "fusell/volume_port.h"

namespace s3b::fusell {

/// How many requests of each kind came.
class RequestCounts {
public:
    void add(uint32_t opcode, uint64_t count = 1) {
        counts_[opcode < kOpcodes ? opcode : 0] += count;
    }
    void add_write(uint64_t bytes) { max_write_ = std::max(max_write_, bytes); }
    uint64_t of(uint32_t opcode) const { return counts_[opcode]; }
    uint64_t total() const;
    /// Each kind that came, with its name.
    std::vector<std::pair<std::string, uint64_t>> named() const;
    /// " READ=3 WRITE=1 max_write=4096 interrupts=0" without those that are 0.
    std::string text() const;

private:
    static constexpr uint32_t kOpcodes = 64;  // 0 counts those that are not known
    std::array<uint64_t, kOpcodes> counts_{};
    uint64_t max_write_ = 0;  // bytes of data
};

/// Belongs to the reactor's thread.
class Operations final : public RequestHandler {
public:
    Operations(VolumePort& volume, const MountSettings& settings, const MountOptions& options);
    Operations(const Operations&) = delete;
    Operations& operator=(const Operations&) = delete;

    /// The verbs that libfuse calls; their user data is the Operations.
    static const fuse_lowlevel_ops& verbs();
    /// Who decodes what is not decoded here, and where all replies go. `device` is only handed to
    /// libfuse, which closes it. Before the first request. Errors: Io (libfuse refuses).
    /// One request moves up to `transfer` bytes.
    Result<void> connect(fuse_session* library, int device, Transport& transport,
                         uint32_t transfer);

    /// `ready` is called once the kernel knows what was agreed on.
    void on_ready(std::function<void()> ready) { on_ready_ = std::move(ready); }

    void handle(Request request) override;
    /// Waits until all requests have been answered.
    Task<void> join() { return data_path_.join(); }
    const RequestCounts& counts();

private:
    friend struct Verbs;
    void note_hits();
    ssize_t answer_init(std::span<const iovec> message);
    static ssize_t send_of_library(int device, iovec* message, int count, void* operations);
    void init(fuse_conn_info* connection) const;
    void lookup(fuse_req_t request, fuse_ino_t parent, const char* name);
    void get_attributes(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
    void set_attributes(fuse_req_t request, fuse_ino_t node, struct stat* wanted, int which,
                        fuse_file_info* file);
    void open(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
    void release(fuse_req_t request, fuse_ino_t node, fuse_file_info* file);
    void read_directory(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset,
                        fuse_file_info* file);
    void file_system(fuse_req_t request, fuse_ino_t node);
    void unlink(fuse_req_t request, fuse_ino_t parent, const char* name);
    void flush(fuse_req_t request, fuse_ino_t node, int only_data, fuse_file_info* file);
    void allocate(fuse_req_t request, fuse_ino_t node, int mode, off_t offset, off_t length,
                  fuse_file_info* file);

    void open_file(fuse_req_t request);
    void open_stats(fuse_req_t request, uint64_t node);
    std::string statistics(uint64_t node);
    struct stat attributes(uint64_t node);
    double attributes_timeout(uint64_t node) const;
    void to_library(Request request);

    VolumePort& volume_;
    MountOptions options_;
    bool debug_;
    Inodes inodes_;
    DataPath data_path_;
    RequestCounts counts_;
    fuse_session* library_ = nullptr;
    Transport* transport_ = nullptr;
    uint32_t transfer_ = 0;
    std::function<void()> on_ready_;
    uint64_t init_unique_ = 0;    // of INIT, until it is answered
    uint64_t offered_flags_ = 0;  // by the kernel
};

}  // namespace s3b::fusell
