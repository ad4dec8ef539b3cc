# SPDX-License-Identifier: Apache-2.0
"""What an operator has besides the mount: files of options, a copy of the statistics, trials."""
import errno
import os

from harness.files import DirectFile, pattern
from harness.procs import wait_until
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY, block_key

BLOCK = 65536
SIZE = (f"--size={16 * BLOCK}", f"--blockSize={BLOCK}")
HEADER = "x-amz-meta-s3backer-mount-token"


@case("a volume is mounted by a file of options alone", smoke=True)
def _config_file(world):
    store = world.directory_store()
    mount = world.new_path("mnt")
    path = world.path("options.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(["# a trial", *store.options, *SIZE, "", store.bucket, mount]) + "\n")
    os.mkdir(mount)
    log = world.new_path("log")
    daemon = world.adopt(world.start("-f", f"--configFile={path}"), mount, log)
    daemon.wait_mounted()
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
    daemon.unmount()
    expect_equal(len(os.listdir(store.bucket)), 1, "blocks stored")


@case("the statistics have a copy outside of the mount, and removing it resets them")
def _mirror(world):
    path = world.path("copy")
    daemon = world.mount(world.directory_store(), *SIZE, f"--statsFileMirror={path}",
                         "--statsFileMirrorInterval=20")

    def value(label):
        try:
            with open(path, encoding="ascii") as file:
                return next(int(line.split()[1]) for line in file if line.startswith(label))
        except FileNotFoundError:
            return None
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
    wait_until(lambda: value("block_cache_write_misses") == 1, "the write is in the copy")
    os.unlink(path)
    wait_until(lambda: value("block_cache_write_misses") == 0, "the statistics are reset")
    daemon.unmount()
    expect(value("block_cache_write_misses") == 0, "the copy is gone")
    expect(not os.path.exists(path + ".new"), "a part of the copy is left")


@case("several mounts share a volume, and each sees at once what the others write")
def _shared(world):
    server = world.server()
    store = world.http_store(server)
    first = world.mount(store, *SIZE, "--sharedDiskMode")
    second = world.mount(store, *SIZE, "--sharedDiskMode")
    expect_equal(server.admin.object_headers(TOKEN_KEY)[HEADER], "7fffffff", "token")
    text = world.refused(store, *SIZE)
    expect("7fffffff" in text, text)
    with DirectFile(first.file) as one, DirectFile(second.file) as other:
        for number, (writer, reader) in enumerate(((one, other), (other, one), (one, other))):
            expect(reader.read(0, BLOCK) is not None, "nothing read")
            writer.write(0, pattern(number, BLOCK))
            expect(reader.read(0, BLOCK) == pattern(number, BLOCK), f"an old block {number}")
    first.unmount()
    expect(TOKEN_KEY in server.admin.keys(), "the token is gone while others are mounted")
    second.unmount()
    expect(server.admin.object(block_key(0)) == pattern(2, BLOCK), "not stored")


@case("trials are slow, fail now and then, or forget, as they are told to")
def _trials(world):
    forgetful = world.directory_store()
    daemon = world.mount(forgetful, *SIZE, "--test-discard")
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
        file.sync()
    daemon.unmount()
    expect_equal(os.listdir(forgetful.bucket), [], "files")
    store = world.directory_store()
    daemon = world.mount(store, *SIZE, "--test-errors", "--test-delays", "--blockCacheSize=2",
                         "--readAhead=0")
    failures = 0
    with DirectFile(daemon.file) as file:
        for number in range(16):
            file.write(number * BLOCK, pattern(number, BLOCK))
        for number in range(64):
            try:
                expect(file.read(number % 16 * BLOCK, BLOCK) == pattern(number % 16, BLOCK),
                       "wrong data")
            except OSError as error:
                expect_equal(error.errno, errno.EAGAIN, "the error")
                failures += 1
    expect(failures < 32, f"{failures} failures")
    daemon.unmount()
    daemon = world.mount(store, *SIZE)
    with DirectFile(daemon.file) as file:
        for number in range(16):
            expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK), "lost")
    daemon.unmount()
