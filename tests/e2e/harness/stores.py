# SPDX-License-Identifier: Apache-2.0
"""Where a volume's blocks are, as arguments of s3backer."""
import dataclasses
import os

from harness.servers import ACCESS_ID, BUCKET, SECRET


@dataclasses.dataclass(frozen=True)
class Store:
    bucket: str       # the bucket, or the test directory
    options: tuple
    tested: bool      # --test: a directory, sizes must be given, there is no mount token

    def plus(self, *options):
        return dataclasses.replace(self, options=self.options + options)


def directory_store(path):
    os.makedirs(path, exist_ok=True)
    return Store(str(path), ("--test",), True)


def http_store(server, prefix=""):
    return s3_store(server.url, BUCKET, ACCESS_ID, SECRET, prefix, server.ca_file)


def s3_store(url, bucket, access_id, secret, prefix="", ca_file=None):
    options = [f"--baseURL={url}", f"--accessId={access_id}", f"--accessKey={secret}"]
    if prefix:
        options.append(f"--prefix={prefix}")
    if ca_file:
        options.append(f"--cacert={ca_file}")
    return Store(bucket, tuple(options), False)
