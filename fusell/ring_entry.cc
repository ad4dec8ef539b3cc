// SPDX-License-Identifier: Apache-2.0
#include "fusell/ring_entry.h"

#include <linux/fuse.h>

#include <cstring>
#include <new>

namespace s3b::fusell {

RingEntry::RingEntry(Holder& of, uint32_t number, uint16_t of_queue, size_t transfer)
    : holder(&of),
      index(number),
      queue(of_queue),
      memory(ByteCount(Buffer::kAlignment + transfer)),
      header(new(memory.bytes().data()) uring::Header()),
      pieces{iovec{header, sizeof *header}, iovec{payload(), transfer}} {}

void RingEntry::set_answer(int error, size_t length) {
    const fuse_out_header out{static_cast<uint32_t>(sizeof(fuse_out_header) + length), -error,
                              unique};
    std::memcpy(header->in_out.data(), &out, sizeof out);
    header->payload_bytes = static_cast<uint32_t>(length);
}

void RingEntry::submit(Ring& ring, int device) {
    const bool fresh = state == State::Registering;
    DriverCommand command;
    command.fd = device;
    command.operation = fresh ? uring::kRegister : uring::kCommitAndFetch;
    if (fresh) command.pieces = pieces;
    const uring::Command own{0, fresh ? 0 : header->commit_id, queue, {}};
    std::memcpy(command.own.data(), &own, sizeof own);
    ring.command(command, *this);
}

}  // namespace s3b::fusell
