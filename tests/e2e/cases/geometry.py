# SPDX-License-Identifier: Apache-2.0
"""The sizes: given, detected from block 0, contradicting it."""
import os

from harness.files import pattern
from harness.registry import case, expect, expect_equal
from harness.servers import block_key


def _stored_volume(world, size=1 << 20, block=65536):
    """A server whose bucket holds a volume of this geometry, with data in block 0."""
    server = world.server()
    store = world.http_store(server)
    daemon = world.mount(store, f"--size={size}", f"--blockSize={block}")
    with open(daemon.file, "r+b", buffering=0) as file:
        file.write(pattern(1, 100))
    daemon.unmount()
    return server, store


def _geometry(daemon):
    """(size of the file, size of a block)"""
    return os.path.getsize(daemon.file), os.statvfs(daemon.file).f_bsize


@case("block 0 carries the sizes, and a mount without sizes takes them from there", smoke=True)
def _detected(world):
    server, store = _stored_volume(world)
    headers = server.admin.object_headers(block_key(0))
    expect_equal(headers["x-amz-meta-s3backer-filesize"], str(1 << 20), "header of block 0")
    expect_equal(headers["x-amz-meta-s3backer-blocksize"], "65536", "header of block 0")
    daemon = world.mount(store)
    expect_equal(_geometry(daemon), (1 << 20, 65536), "geometry")
    daemon.unmount()


@case("sizes may be written with and without a suffix, in either case")
def _spelling(world):
    for size, block in (("1048576", "4096"), ("1024k", "4K"), ("1M", "4k")):
        daemon = world.mount(world.directory_store(), f"--size={size}", f"--blockSize={block}")
        expect_equal(_geometry(daemon), (1 << 20, 4096), f"geometry of {size}, {block}")
        daemon.unmount()


@case("without a given block size, and nothing stored, blocks are 4 KiB")
def _default_block_size(world):
    daemon = world.mount(world.http_store(world.server()), "--size=1m")
    expect_equal(_geometry(daemon), (1 << 20, 4096), "geometry")
    daemon.unmount()


@case("another block size than the stored one is refused, naming both")
def _other_block_size(world):
    _, store = _stored_volume(world)
    text = world.refused(store, "--size=1m", "--blockSize=32k")
    expect("32k" in text and "64k" in text, f"not both sizes in: {text}")


@case("another size than the stored one is refused, naming both")
def _other_size(world):
    _, store = _stored_volume(world)
    text = world.refused(store, "--size=2m", "--blockSize=64k")
    expect("2m" in text and "1m" in text, f"not both sizes in: {text}")


@case("with --force another size than the stored one is taken")
def _forced(world):
    _, store = _stored_volume(world)
    daemon = world.mount(store, "--size=2m", "--force")
    expect_equal(_geometry(daemon), (2 << 20, 65536), "geometry")
    daemon.unmount()


@case("no size, given or stored, is refused")
def _no_size(world):
    world.refused(world.http_store(world.server()))
    world.refused(world.directory_store())


@case("impossible sizes are refused")
def _impossible(world):
    store = world.directory_store()
    for options in (("--size=1m", "--blockSize=3000"), ("--size=1000k", "--blockSize=1m"),
                    ("--size=0",), ("--size=1x",), ("--size=2mb",), ("--size=1.5g",), ("--size=",),
                    ("--size=17t", "--blockSize=4k"), ("--size=32e",),
                    ("--size=1m", "--blockSize=8g")):
        world.refused(store, *options)


@case("a volume of 16 TiB in blocks of 4 KiB can be read and written at its end")
def _largest(world):
    store = world.directory_store()
    options = ("--size=16t", "--blockSize=4k")
    daemon = world.mount(store, *options)
    data = pattern(2, 4096)
    with open(daemon.file, "r+b", buffering=0) as file:
        expect_equal(os.pwrite(file.fileno(), data, (16 << 40) - 4096), 4096, "bytes written")
    daemon.unmount()
    expect_equal(os.listdir(store.bucket), ["ffffffff"], "blocks")
    daemon = world.mount(store, *options)
    with open(daemon.file, "rb", buffering=0) as file:
        expect_equal(os.pread(file.fileno(), 4096, (16 << 40) - 4096), data, "data")
    daemon.unmount()
