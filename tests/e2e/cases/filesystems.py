# SPDX-License-Identifier: Apache-2.0
"""File systems on loop devices on the file, on each kind of store, and after a fresh mount."""
from harness.registry import case
from harness.stores import s3_store
from harness.volumes import tree_survives_remount

# mkfs.xfs refuses less than 300 MB.
SIZES = {"ext4": "256m", "xfs": "320m"}


def _directory(world):
    return world.directory_store()


def _test_server(world):
    return world.http_store(world.server())


def _test_server_tls(world):
    return world.http_store(world.server(tls=True))


def _ceph(world):
    c = world.settings.servers["ceph"]
    prefix = world.directory.rsplit("-", 1)[-1] + "/"
    return s3_store(c["url"], c["bucket"], c["access_id"], c["secret"], prefix)


STORES = {
    "a test directory": (_directory, ()),
    "an S3 server": (_test_server, ()),
    "an S3 server over TLS": (_test_server_tls, ("openssl",)),
    "Ceph": (_ceph, ("ceph",)),
}


def _add(kind, place, smoke):
    make_store, needs = STORES[place]
    needs = (*needs, "loop") + (("xfs",) if kind == "xfs" else ())

    @case(f"{kind} with its files survives a remount, stored in {place}", needs=needs,
          smoke=smoke, time_limit=150)
    def _test(world):
        tree_survives_remount(world, kind, make_store(world),
                              (f"--size={SIZES[kind]}", "--blockSize=128k"))


for _place in STORES:
    _add("ext4", _place, smoke=_place in ("a test directory", "an S3 server"))
    if "TLS" not in _place:
        _add("xfs", _place, smoke=False)
