# SPDX-License-Identifier: Apache-2.0
"""Options that change a name or a header: Debian's s3backer and ours send the same and share it.

Source: wire-format.md 1, 2, 4.1 and 8.
"""
import os

from harness.pairs import GEOMETRY, Both, Side, erase_each_other, exchange, programs, same, \
    same_requests
from harness.registry import case, expect, expect_equal
from harness.servers import BUCKET, TOKEN_KEY

OPTIONS = (
    same("--blockHashPrefix", "--blockHashPrefix"),
    same("--prefix", "--prefix=some/where."),
    same("--prefix with all characters that need no encoding", "--prefix=A-z_0.9~/b/"),
    same("--prefix and --blockHashPrefix", "--prefix=p/", "--blockHashPrefix"),
    Both("a bucket with directories", Side(bucket=f"{BUCKET}/sub/dir"),
         Side(("--prefix=sub/dir/",))),
    same("--vhost", "--vhost", host="localhost"),
    same("--region", "--region=eu-west-3", host="localhost"),
    Both("--region with --no-vhost", Side(("--region=eu-west-3", "--no-vhost")),
         Side(("--region=eu-west-3",), host="localhost")),
    same("--authVersion=aws2", "--authVersion=aws2"),
    same("--authVersion=aws2 and --vhost", "--authVersion=aws2", "--vhost", host="localhost"),
    same("--storageClass=STANDARD", "--storageClass=STANDARD",
          kept=(("x-amz-storage-class", "STANDARD"),)),
    same("--storageClass=REDUCED_REDUNDANCY", "--storageClass=REDUCED_REDUNDANCY",
          kept=(("x-amz-storage-class", "REDUCED_REDUNDANCY"),)),
    same("--rrs", "--rrs", kept=(("x-amz-storage-class", "REDUCED_REDUNDANCY"),)),
    same("--sse=AES256", "--sse=AES256", kept=(("x-amz-server-side-encryption", "AES256"),)),
    same("--accessType=public-read", "--accessType=public-read",
          kept=(("x-amz-acl", "public-read"),)),
)


def _add(both):
    @case(f"with {both.name} Debian's s3backer reads our blocks and we read its", needs=("debian",),
          time_limit=90)
    def _exchange(world):
        exchange(world, both)

    @case(f"with {both.name} we erase what Debian's s3backer wrote, and reset its mounted flag",
          needs=("debian",), time_limit=90)
    def _erase(world):
        erase_each_other(world, both)

    if both.ours == both.theirs:
        @case(f"with {both.name} the same requests are sent as by Debian's s3backer",
              needs=("debian",))
        def _headers(world):
            same_requests(world, both)


for _both in OPTIONS:
    _add(_both)


@case("Debian's s3backer and ours refuse to mount what the other has mounted", needs=("debian",))
def _each_other(world):
    server = world.server()
    both = same("nothing")
    for first, second in (programs(world, server.port, both),
                          reversed(programs(world, server.port, both))):
        daemon = first.mount()
        store = second.store
        mount = world.new_path("mnt")
        os.makedirs(mount)
        status, text = world.run_to_end(*store.options, "-f", *GEOMETRY, store.bucket, mount,
                                        binary=second.binary)
        expect_equal(status, 1, f"exit status of the second mount, saying {text}")
        expect(server.admin.object_headers(TOKEN_KEY) is not None, "the token has gone")
        daemon.unmount()
