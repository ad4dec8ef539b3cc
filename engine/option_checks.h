// SPDX-License-Identifier: Apache-2.0
// From what the command line said to a whole Config: looks up, combines and checks settings.
// Source: command-line.md 2.9 (2 to 22), wire-format.md 1.1 to 1.3.
#pragma once

#include "engine/option_draft.h"

namespace s3b {

/// Completes `draft.config`, or says what is wrong first, in s3backer's order. Reads the files
/// of keys and the password, looks at the test directory and the mount point.
Complaint complete(Draft& draft, const Environment& environment);

/// The same for --wait-unmounted, which needs nothing but the mount point.
Complaint settle_waiting(Draft& draft, const Environment& environment);

/// Not in the same file, for its length: ids and keys (steps 4, 5), storage class and encryption by
/// the store (9, 10), the base URL (11 to 13), what is to be sent to that only if it is safe, and
/// encryption and compression by us (16, 17).
Complaint settle_credentials(Draft& draft, const Environment& environment);
Complaint settle_storage_class(Draft& draft, const Environment& environment);
Complaint settle_sse(Draft& draft, const Environment& environment);
Complaint settle_address(Draft& draft, const Environment& environment);
Complaint settle_customer_key(Draft& draft, const Environment& environment);
Complaint settle_encryption(Draft& draft, const Environment& environment);
Complaint settle_compression(Draft& draft, const Environment& environment);
/// The cache file, and what needs one.
Complaint settle_cache_file(Draft& draft, const Environment& environment);
/// A volume that several mounts share.
Complaint settle_shared_disk(Draft& draft, const Environment& environment);
/// The protection against eventually consistent stores, and fsync (18).
Complaint settle_consistency(Draft& draft, const Environment& environment);
/// Asks for the password if it is needed and not given; the last step, so that nobody types it in
/// vain.
Complaint settle_password(Draft& draft, const Environment& environment);

}  // namespace s3b
