# SPDX-License-Identifier: Apache-2.0
"""The process: background and foreground, failing starts, exit statuses, secrets."""
import os
import signal

from harness.files import DirectFile, pattern
from harness.procs import run
from harness.registry import case, expect, expect_equal
from harness.servers import SECRET, TOKEN_KEY, block_key
from harness.stores import Store

BLOCK = 65536
SIZE = ("--size=1m", f"--blockSize={BLOCK}")
IMPATIENT = ("--initialRetryPause=5", "--maxRetryPause=20")


def _refused_both_ways(world, store, *options, **where):
    """Refused in the foreground and in the background; the reasons."""
    return [world.refused(store, *SIZE, *IMPATIENT, *options, foreground=foreground, **where)
            for foreground in (True, False)]


@case("in the background the starter ends with 0 once the volume can be used", smoke=True)
def _background(world):
    server = world.server()
    daemon = world.mount_in_background(world.http_store(server), *SIZE)
    expect(os.path.ismount(daemon.mount), "not mounted when the starter had ended")
    with DirectFile(daemon.file) as file:
        file.write(0, pattern(1, BLOCK))
        expect(file.read(0, BLOCK) == pattern(1, BLOCK), "wrong data")
    daemon.unmount()
    expect(server.admin.object(block_key(0)) == pattern(1, BLOCK), "not stored")
    expect_equal(server.admin.object(TOKEN_KEY), None, "token")


@case("a daemon in the background has its own session, no terminal, and / as its directory")
def _detached(world):
    daemon = world.mount_in_background(world.directory_store(), *SIZE)
    expect_equal(os.getsid(daemon.pid), daemon.pid, "session")
    expect_equal(os.readlink(f"/proc/{daemon.pid}/cwd"), "/", "directory")
    for fd in range(3):
        expect_equal(os.readlink(f"/proc/{daemon.pid}/fd/{fd}"), os.devnull, f"descriptor {fd}")
    daemon.terminate(signal.SIGTERM)


@case("a relative test directory and mount point mean the starter's directory")
def _relative(world):
    os.makedirs(world.path("store"))
    os.makedirs(world.path("mnt"))
    run([world.settings.binary, "--test", *SIZE, "store", "mnt"], world.directory,
        cwd=world.directory)
    world.on_close(run, ["umount", world.path("mnt")], world.directory, 60, False)
    with DirectFile(world.path("mnt/file")) as file:
        file.write(0, pattern(1, BLOCK))
        file.sync()
    expect_equal(os.listdir(world.path("store")), ["00000000"], "blocks")


@case("a missing test directory is refused")
def _no_directory(world):
    _refused_both_ways(world, Store(world.path("nosuch"), ("--test",), True))


@case("a server that cannot be reached is refused")
def _unreachable(world):
    server = world.server()
    store = world.http_store(server)
    server.kill()
    _refused_both_ways(world, store)


@case("wrong credentials are refused")
def _forbidden(world):
    server = world.server()
    store = world.http_store(server).plus("--accessKey=another-key")
    _refused_both_ways(world, store)
    expect_equal(server.admin.keys(), [], "keys in the bucket")


@case("a server whose certificate nobody vouches for is refused, unless --insecure is given",
      needs=("openssl",))
def _certificate(world):
    server = world.server(tls=True)
    store = world.http_store(server)
    distrusting = Store(store.bucket, tuple(o for o in store.options if "cacert" not in o), False)
    _refused_both_ways(world, distrusting)
    world.mount(distrusting.plus("--insecure"), *SIZE).unmount()


@case("a mount point that is missing, a file, or not empty is refused")
def _mount_point(world):
    store = world.directory_store()
    place = world.path("mount-points")
    os.makedirs(os.path.join(place, "full/something"))
    with open(os.path.join(place, "plain"), "wb"):
        pass
    for name in ("nosuch", "plain"):
        for foreground in (["-f"], []):
            status, text = world.run_to_end("--test", *SIZE, *foreground, store.bucket,
                                            os.path.join(place, name))
            expect_equal(status, 1, f"exit status for {name}, saying {text!r}")
            expect(text.strip(), "it failed without a word")
    _refused_both_ways(world, store, mount=os.path.join(place, "full"))


@case("unknown options, options without their value and wrong values are refused")
def _bad_options(world):
    store = world.directory_store()
    for option in ("--no-such-option", "-z", "--blockCacheSize", "--blockCacheSize=",
                   "--blockCacheSize=abc", "--quiet=1", "--filename=a/b", "--filename=",
                   "--accessType=nobody", "--fileMode=999"):
        text = world.refused(store, *SIZE, option)
        name = option.lstrip("-").split("=")[0]
        expect(name in text, f"{option} is not named in: {text}")


@case("a missing bucket or mount point is refused")
def _missing_arguments(world):
    for arguments in ((), ("--test",), ("--test", world.directory), ("bucket",)):
        status, text = world.run_to_end(*arguments)
        expect_equal(status, 1, f"exit status with {arguments}")
        expect(text.strip(), "it failed without a word")


@case("--version and --help print on stderr and end with 0", smoke=True)
def _version_and_help(world):
    for flag, wanted in (("--version", "s3backer"), ("-v", "s3backer"), ("--help", "--blockSize"),
                         ("-h", "--blockSize")):
        status, text = world.run_to_end(flag)
        expect_equal(status, 0, f"exit status of {flag}")
        expect(wanted in text, f"{flag} printed: {text}")


@case("the access key cannot be seen in the process list")
def _secrets(world):
    server = world.server()
    for start in (world.mount, world.mount_in_background):
        daemon = start(world.http_store(server), *SIZE)
        with open(f"/proc/{daemon.pid}/cmdline", "rb") as file:
            words = file.read()
        expect(SECRET.encode() not in words, f"the key is in {words}")
        expect(b"--blockSize" in words, f"the other options are not in {words}")
        daemon.unmount()


@case("the log does not tell the access key, not even with --debug")
def _secrets_in_log(world):
    daemon = world.mount(world.http_store(world.server()), *SIZE, "--debug")
    daemon.unmount()
    expect(SECRET not in daemon.log(), "the key is in the log")


@case("an interrupted start leaves neither mount nor token", time_limit=90)
def _interrupted_start(world):
    server = world.server()
    store = world.http_store(server)
    mount = world.new_path("mnt")
    os.makedirs(mount)
    server.admin.fault(method="HEAD", hold=True)
    process = world.start("-f", *store.options, *SIZE, store.bucket, mount)
    server.admin.wait(held=1)
    process.send(signal.SIGTERM)
    process.wait()
    expect(not os.path.ismount(mount), "mounted")
    server.admin.let_all_go()
    expect_equal(server.admin.keys(), [], "keys")
