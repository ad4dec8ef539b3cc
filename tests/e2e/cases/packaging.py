# SPDX-License-Identifier: Apache-2.0
"""What is installed: the package, the man page, the completion, the service, the helpers."""
import fcntl
import glob
import os
import pty
import re
import stat
import struct
import termios

from harness.files import DirectFile, checksums, make_tree, pattern
from harness.leftovers import processes_of
from harness.mounts import loops_below, mounts_below
from harness.procs import Process, run
from harness.registry import case, expect, expect_equal
from harness.volumes import expect_same

# Of help, by those who read it.
_OPTION = re.compile(r"^  --([A-Za-z0-9-]+)", re.MULTILINE)


def _install(world):
    """The package, installed by dpkg into a fresh directory."""
    build = os.path.dirname(world.settings.binary)
    run(["cpack", "--config", os.path.join(build, "CPackConfig.cmake"), "-B", world.path("pack")],
        world.directory, timeout=120)
    packages = glob.glob(world.path("pack/*.deb"))
    expect_equal(len(packages), 1, "packages")
    _, fields = run(["dpkg-deb", "--field", packages[0]], world.directory)
    root = world.path("root")
    os.makedirs(f"{root}/var/lib/dpkg/info")
    os.mkdir(f"{root}/var/lib/dpkg/updates")
    with open(f"{root}/var/lib/dpkg/status", "w", encoding="ascii"):
        pass
    # There are no other packages.
    _dpkg(world, root, "--force-depends", "--install", packages[0])
    return root, fields


def _dpkg(world, root, *arguments):
    return run(["dpkg", f"--root={root}", f"--log={root}/dpkg.log", *arguments], world.directory)[1]


@case("the package holds all that belongs to the program, and conflicts with Debian's",
      time_limit=150)
def _package(world):
    root, fields = _install(world)
    expect("Package: s3backer-uring" in fields and "Conflicts: s3backer" in fields
           and "libcurl" in fields and "libfuse3" in fields, fields)
    for name in ("bin/s3backer", "bin/s3backer-loop", "bin/s3backer-top",
                 "sbin/mount.s3backer"):
        mode = os.stat(os.path.join(root, "usr", name)).st_mode
        expect_equal(stat.S_IMODE(mode), 0o755, f"mode of {name}")
    _, text = run([f"{root}/usr/bin/s3backer", "--version"], world.directory)
    expect(text.startswith("s3backer version "), text)
    page = f"{root}/usr/share/man/man1/s3backer.1.gz"
    _, text = run(["man", "--warnings", page], world.directory)
    expect("SAFETY" in text and "warning" not in text, text[:2000])
    run(["systemd-analyze", "verify", "--man=no",
         f"{root}/usr/lib/systemd/system/s3backer@.service"], world.directory)
    name = re.search(r"Package: (.*)", fields).group(1)
    expect("Status: install ok installed" in _dpkg(world, root, "--status", name), "not installed")
    _dpkg(world, root, "--purge", name)
    left = [path for path, _, names in os.walk(f"{root}/usr") if names]
    expect_equal(left, [], "folders with files after the removal")


@case("lintian finds no error in the package", needs=("lintian",), time_limit=150)
def _lintian(world):
    _install(world)
    package = glob.glob(world.path("pack/*.deb"))[0]
    status, text = run(["lintian", "--allow-root", "--fail-on", "error", package], world.directory,
                       timeout=120, check=False)
    expect_equal(status, 0, f"exit status of lintian, saying:\n{text}\n")


@case("help, man page and completion name the same options")
def _same_options(world):
    made = os.path.join(os.path.dirname(world.settings.binary), "packaging")
    status, text = world.run_to_end("--help")
    expect_equal(status, 0, "exit status of --help")
    options = set(_OPTION.findall(text))
    expect(len(options) > 80, f"only {len(options)} options in the help")
    with open(os.path.join(made, "s3backer.1"), encoding="utf-8") as file:
        page = file.read().replace("\\-", "-")
    expect_equal(set(re.findall(r"^\.B --([A-Za-z0-9-]+)", page, re.MULTILINE)), options,
                 "options of the man page")
    completion = os.path.join(made, "s3backer.bash")
    script = (f"source {completion}; COMP_WORDS=(s3backer --); COMP_CWORD=1; _s3backer; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    _, text = run(["bash", "-c", script], world.directory)
    found = {word[2:].rstrip("=") for word in text.split() if word.startswith("--")}
    expect_equal(found, options, "options of the completion")


@case("mount(8) finds its helper's words understood")
def _mount_helper(world):
    store = world.directory_store()
    programs = world.path("bin")
    os.mkdir(programs)
    os.symlink(world.settings.binary, os.path.join(programs, "s3backer"))
    os.environ["PATH"] = programs + ":" + os.environ["PATH"]
    mount = world.new_path("mnt")
    os.mkdir(mount)
    run([world.settings.root / "packaging/mount.s3backer", f"s3backer#{store.bucket}", mount,
         "-n", "-v", "-o", "rw,test,size=1m,blockSize=64k,filename=my\\,file,dev,suid"],
        world.directory)
    daemon = world.adopt_detached(mount)
    expect_equal(sorted(os.listdir(mount)), ["my,file", "stats"], "listing")
    daemon.unmount()


def _loop_helper(world, *arguments, check=True):
    script = world.settings.root / "packaging/s3backer-loop"
    os.environ["S3BACKER"] = world.settings.binary
    return run([script, *arguments], world.directory, timeout=120, check=check)


@case("s3backer-loop makes a disk of a bucket, and undoes it after all is stored", needs=("loop",),
      time_limit=150)
def _loop(world):
    store = world.directory_store()
    mount, place = world.new_path("mnt"), world.new_path("data")
    os.mkdir(mount)
    os.mkdir(place)
    options = ("--", *store.options, "--size=64m", "--blockSize=64k")
    _, text = _loop_helper(world, "attach", "--mkfs=ext4", f"--mount={place}", store.bucket, mount,
                           *options)
    expect(text.strip().splitlines()[-1].startswith("/dev/loop"), text)
    make_tree(place, files=30, big=2 << 20)
    before = checksums(place)
    _loop_helper(world, "detach", mount)
    _expect_nothing_left(world)
    _loop_helper(world, "attach", "--mkfs=ext4", f"--mount={place}", store.bucket, mount, *options)
    expect_same(checksums(place), before)
    _loop_helper(world, "detach", mount)
    _expect_nothing_left(world)


def _expect_nothing_left(world):
    expect_equal(mounts_below(world.directory), [], "mounts left")
    expect_equal(loops_below(world.directory), [], "loop devices left")
    expect_equal(processes_of(world.directory), [], "processes left")


@case("s3backer-loop undoes what it has done if a later step fails", needs=("loop",))
def _loop_fails(world):
    store = world.directory_store()
    mount = world.new_path("mnt")
    os.mkdir(mount)
    status, text = _loop_helper(world, "attach", "--mkfs=ext4", "--mount=/nowhere", store.bucket,
                                mount, "--", *store.options, "--size=16m", "--blockSize=64k",
                                check=False)
    expect_equal(status, 1, "exit status")
    expect("/nowhere" in text and "failed" in text, text)
    _expect_nothing_left(world)


def _top(world, *arguments, **more):
    return run([world.settings.root / "packaging/s3backer-top", *arguments], world.directory,
               **more)


@case("s3backer-top tells the rates of an interval, and what is dirty")
def _top_once(world):
    server = world.server()
    daemon = world.mount(world.http_store(server), "--size=4m", "--blockSize=64k",
                         "--blockCacheWriteDelay=600000")
    with DirectFile(daemon.file) as file:
        for number in range(16):
            file.write(number * 65536, pattern(number, 65536))
    _, text = _top(world, "--once", "--interval=0.1", daemon.mount)
    expect("4.0 MiB in blocks of 64.0 KiB" in text, text)
    expect(re.search(r"Cache +16 blocks", text), text)
    expect(re.search(r"dirty \[#+\.+\] +25\.0 %   oldest \d+\.\d s", text), text)
    expect("in flight   0 reads   0 writes   0 lists" in text, text)
    status, text = _top(world, "--once", world.directory, check=False)
    expect(status == 1 and "no mount of s3backer" in text, text)
    daemon.unmount()


@case("s3backer-top shows itself on a terminal until q is pressed")
def _top_live(world):
    daemon = world.mount(world.directory_store(), "--size=1m", "--blockSize=64k")
    primary, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.environ["TERM"] = "xterm"
    process = Process.start([world.settings.root / "packaging/s3backer-top", daemon.mount],
                            world.directory, stdin=secondary, stdout=secondary, stderr=secondary)
    os.close(secondary)
    shown = b""
    while b"memory at most" not in shown:
        shown += os.read(primary, 4096)
    os.write(primary, b"q")
    expect_equal(process.wait(), 0, "exit status")
    os.close(primary)
    daemon.unmount()
