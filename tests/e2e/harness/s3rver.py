# SPDX-License-Identifier: Apache-2.0
"""s3rver, a small S3 server for tests, from npm: it ignores conditions and checks little."""
import os

from harness.keepers import BUCKET, Kept
from harness.registry import S3RVER_PROGRAM


class S3rver(Kept):
    # The only account that it has.
    access_id = secret = "S3RVER"

    def start_it(self):
        os.makedirs(self.path("data"))
        # The old provider: its tokens of lists need a cipher that OpenSSL 3 has put there.
        self.spawn("node", "--openssl-legacy-provider", S3RVER_PROGRAM,
                   "-a", "127.0.0.1", "-p", self.port, "-d", self.path("data"), "-s",
                   "--service-endpoint", "localhost", "--configure-bucket", BUCKET)
