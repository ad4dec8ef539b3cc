# SPDX-License-Identifier: Apache-2.0
"""What s3backer was observed to do with command lines (command-line.md 9): ours does the same, or
what is recommended there instead."""
import os
import stat

from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal
from harness.servers import TOKEN_KEY, block_key

SIZE = ("--size=1m", "--blockSize=64k")
QUICK = ("--initialRetryPause=5", "--maxRetryPause=20")

# Each with the exit status and a part of the text. DIR, MNT and FILE stand for a directory, a mount
# point and a plain file; DIR comes before the mount point where neither is named.
_SIZED = ("--test", "--size=1m")
_TABLE = (
    ((), 1, "bucket"),
    *(((word,), 0, "s3backer") for word in ("-h", "--help", "-?", "-v", "--version")),
    (("bucket",), 1, "mount point"),
    (("--test",), 1, "test directory"),
    (("--test", "--size=1m", "nosuch", "MNT"), 1, "No such file"),
    (("--test", "--size=1m", "FILE", "MNT"), 1, "not a directory"),
    (("--test", "DIR", "MNT"), 1, "size"),
    (("--test", "--size=1M", "--blockSize=3000", "DIR", "MNT"), 1, "power of two"),
    (("--test", "--size=1000K", "--blockSize=1M", "DIR", "MNT"), 1, "multiple"),
    *((("--test", f"--size={size}", "DIR", "MNT"), 1, "size")
      for size in ("1X", "0", "", "2mb", "1.5G", "1Z", "-1", "99999999999999999999", "16E")),
    (("--test", "--size=17T", "--blockSize=4k", "DIR", "MNT"), 1, "blocks"),
    ((*_SIZED, "--blockSize=8G", "DIR", "MNT"), 1, "too large"),
    ((*_SIZED, "DIR", "nosuch"), 1, "nosuch"),
    ((*_SIZED, "DIR", "DIR"), 1, "not empty"),
    *(((*_SIZED, *words, "DIR", "MNT"), 1, "unknown option")
      for words in (("--x",), ("-z",), ("-o", "x"))),
    ((*_SIZED, "--quiet=1", "DIR", "MNT"), 1, "takes no value"),
    ((*_SIZED, "--blockCacheSize=abc", "DIR", "MNT"), 1, "`abc' of option `blockCacheSize'"),
    ((*_SIZED, "--blockCacheSize=", "DIR", "MNT"), 1, "`blockCacheSize'"),
    ((*_SIZED, "--blockCacheSize=10k", "DIR", "MNT"), 1, "`blockCacheSize'"),
    ((*_SIZED, "--timeout=2m", "DIR", "MNT"), 1, "`timeout'"),
    ((*_SIZED, "--maxUploadSpeed=7", "DIR", "MNT"), 1, "`maxUploadSpeed'"),
    ((*_SIZED, "--maxDownloadSpeed=1k", "--blockSize=4k", "DIR", "MNT"), 1, "too short"),
    ((*_SIZED, "--blockCacheSync", "DIR", "MNT"), 1, "`blockCacheWriteDelay=0'"),
    ((*_SIZED, "--compress=10", "DIR", "MNT"), 1, "`compress'"),
    ((*_SIZED, "--compress=-2", "DIR", "MNT"), 1, "`compress'"),
    ((*_SIZED, "--compress=9abc", "DIR", "MNT"), 1, "`compress'"),
    ((*_SIZED, "--statsFilename=a/b", "DIR", "MNT"), 1, "`a/b'"),
    ((*_SIZED, "--filename=", "DIR", "MNT"), 1, "`filename'"),
    ((*_SIZED, "--filename=a/b", "DIR", "MNT"), 1, "`a/b'"),
    ((*_SIZED, "--blockCacheFile=/nosuch/cache", "DIR", "MNT"), 1, "/nosuch/cache"),
    ((*_SIZED, "--nbd", "DIR", "MNT"), 1, "losetup"),
    (("--encrypt", "--passwordFile=/dev/null", "--size=1m", "bucket", "MNT"), 1, "password"),
    (("--sse=aws:kms", "--size=1m", "bucket", "MNT"), 1, "sse-key-id"),
    (("--erase", "--size=1m", "bucket", "MNT"), 1, "no mount point"),
    (("--reset-mounted-flag", "--size=1m", "bucket", "MNT"), 1, "no mount point"),
)


@case("each command line that was observed to be refused, or to tell something, is, with a reason",
      time_limit=120)
def _refused(world):
    places = {"DIR": world.new_path("store"), "MNT": world.new_path("mnt"),
              "FILE": world.new_path("file")}
    os.mkdir(places["DIR"])
    os.mkdir(places["MNT"])
    with open(os.path.join(places["DIR"], "something"), "wb"), open(places["FILE"], "wb"):
        pass
    for words, wanted, part in _TABLE:
        arguments = ["-f", *(places.get(word, word) for word in words)] if wanted else words
        status, text = world.run_to_end(*arguments)
        about = " ".join(words)
        expect_equal(status, wanted, f"exit status of `{about}', saying {text!r}")
        expect(part in text, f"`{about}' says nothing of {part!r}: {text!r}")
        expect(not os.path.ismount(places["MNT"]), f"`{about}' left a mount")


@case("each command line that was observed to be accepted by some version is", time_limit=120)
def _accepted(world):
    for options in (("--size=16T", "--blockSize=4k"), ("--size=1048576",), ("--size=1m", "--rrs"),
                    ("--size=1m", "--maxDownloadSpeed=1k", "--blockSize=4k", "--timeout=33"),
                    ("--size=1m", "--md5CacheSize=0"), ("--size=1m", "--minWriteDelay=500"),
                    ("--size=1m", "--compress", "--compress-level=5"),
                    ("--size=1m", "-o", "max_readahead=0,big_writes,hard_remove")):
        world.mount(world.directory_store(), *options).unmount()


@case("a fresh mount lists as it was observed to")
def _listing(world):
    daemon = world.mount(world.directory_store(), *SIZE)
    found = os.lstat(daemon.mount)
    expect_equal((stat.filemode(found.st_mode), found.st_nlink, found.st_size),
                 ("drwxr-xr-x", 2, 0), "the directory")
    found = os.lstat(daemon.file)
    expect_equal((stat.filemode(found.st_mode), found.st_nlink, found.st_size),
                 ("-rw-------", 1, 1 << 20), "the file")
    expect_equal(stat.filemode(os.lstat(daemon.stats).st_mode), "-r--r--r--", "the statistics")
    daemon.unmount()


@case("a token that is there stops a mount, and with --force only warns")
def _token(world):
    server = world.server()
    store = world.http_store(server)
    world.mount(store, *SIZE).kill()
    text = world.refused(store, *SIZE)
    expect("mounted already" in text and "0x" in text and "--force" in text, text)
    daemon = world.mount(store, *SIZE, "--force")
    expect("warning" in daemon.log(), daemon.log())
    daemon.unmount()


@case("answers of the store end a start as they were observed to, and always with a text")
def _answers(world):
    for method, status, part in (("HEAD", 403, "meta-data"), ("HEAD", 500, "meta-data"),
                                 ("PUT", 403, "mount token")):
        for foreground in (True, False):
            server = world.server()
            server.admin.fault(method=method, status=status, count=0)
            text = world.refused(world.http_store(server), *SIZE, *QUICK, foreground=foreground)
            expect(part in text, text)
            server.admin.clear_faults()
            expect(TOKEN_KEY not in server.admin.keys(), "a token is left")


@case("erasing and resetting end as they were observed to, or better")
def _maintenance(world):
    server = world.server()
    store = world.http_store(server)
    arguments = (*store.options, *SIZE)
    for answer in ("n\n", "\n", ""):
        status, text = world.run_to_end(*arguments, "--erase", store.bucket, stdin=answer)
        expect_equal(status, 1, f"exit status after {answer!r}, saying {text}")
        expect("not confirmed" in text, text)
    status, text = world.run_to_end(*arguments, "--erase", "--force", store.bucket)
    expect_equal(status, 0, f"exit status with nothing there, saying {text}")
    server.admin.fault(method="DELETE", status=403, count=0)
    for action in (("--erase", "--force"), ("--reset-mounted-flag",)):
        status, text = world.run_to_end(*arguments, *QUICK, *action, store.bucket)
        expect_equal(status, 1, f"exit status of {action}, saying {text}")
    server.admin.clear_faults()
    with open(world.path("garbage"), "wb") as file:
        file.write(b"garbage" * 1000)
    world.mount(store, *SIZE).kill()
    status, text = world.run_to_end(*arguments, f"--blockCacheFile={world.path('garbage')}",
                                    "--reset-mounted-flag", store.bucket)
    expect_equal(status, 1, f"exit status of a reset with a garbage file, saying {text}")
    expect(world.path("garbage") in text, text)
    expect(TOKEN_KEY in server.admin.keys(), "the token is gone although the reset failed")


@case("a list that fails does not fail the mount")
def _list_fails(world):
    server = world.server()
    server.admin.put(block_key(0), pattern(7, 65536))  # which tells that blocks can be decoded
    server.admin.fault(method="LIST", status=500, count=0)
    daemon = world.mount(world.http_store(server), *SIZE, *QUICK, "--listBlocks")
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, 65536))
        expect(file.read(0, 65536) == pattern(1, 65536), "wrong data")
    server.admin.clear_faults()
    daemon.unmount()
