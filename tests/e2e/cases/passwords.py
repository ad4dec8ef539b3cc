# SPDX-License-Identifier: Apache-2.0
"""Where the password of an encrypted volume comes from, and that nobody sees it.

Source: wire-format.md 6.1; command-line.md 2.6.
"""
import os
import zlib

from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal
from harness.sealed_world import PASSWORD, PLACE, password_file
from harness.sealing import Sealer
from harness.servers import TOKEN_KEY, block_key

BLOCK = 65536
SIZE = (f"--size={BLOCK * 16}", f"--blockSize={BLOCK}")
NUMBER = 3


def _volume(world, password=PASSWORD):
    """(server, store) of an encrypted volume with one block."""
    server = world.server()
    body, headers = Sealer(password, PLACE).seal(NUMBER, zlib.compress(pattern(NUMBER, BLOCK)))
    server.admin.put(block_key(NUMBER), body, headers)
    return server, world.http_store(server).plus("--encrypt")


def _read(daemon):
    with DirectFile(daemon.file, os.O_RDONLY) as file:
        expect(file.read(NUMBER * BLOCK, BLOCK) == pattern(NUMBER, BLOCK), "wrong data")


def _fits(world, password, option):
    """That `option` means this password."""
    _, store = _volume(world, password)
    daemon = world.mount(store, *SIZE, option)
    _read(daemon)
    daemon.unmount()


def _expect_unmounted(server):
    expect_equal(server.admin.keys(), [block_key(NUMBER)], "keys")
    received = server.admin.received()
    expect_equal((received.get("PUT", 0), received.get("DELETE", 0)), (0, 0), "PUTs and DELETEs")


@case("the first line of the password file is the password, with its blanks, without its newline",
      smoke=True)
def _file(world):
    for text, password in ((PASSWORD, PASSWORD), (PASSWORD + "\n", PASSWORD),
                           (" a b \n", " a b "), ("\tx\r\n", "\tx\r"), ("one\ntwo\n", "one"),
                           ("pässwörd\n", "pässwörd")):
        _fits(world, password, password_file(world, text))
    long = "0123456789" * 100
    _fits(world, long, password_file(world, long + "\n"))


@case("--password=TEXT is the password, with its blanks")
def _option(world):
    for password in (PASSWORD, " a b ", "a,b=c"):
        _fits(world, password, f"--password={password}")


@case("a password file that is empty, missing, a directory, or not the only source is refused")
def _bad_file(world):
    server, store = _volume(world)
    place = world.new_path("directory")
    os.makedirs(place)
    for options in ((password_file(world, ""),), (f"--passwordFile={world.path('none')}",),
                    (f"--passwordFile={place}",),
                    (password_file(world, PASSWORD), f"--password={PASSWORD}")):
        for foreground in (True, False):
            text = world.refused(store, *SIZE, *options, foreground=foreground)
            expect("password" in text, f"{options}: not named in: {text}")
            expect(PASSWORD not in text, f"the password is in: {text}")
    _expect_unmounted(server)


@case("a password without encryption is a warning, and the volume is mounted")
def _without_encryption(world):
    daemon = world.mount(world.http_store(world.server()), *SIZE, f"--password={PASSWORD}")
    daemon.wait_log("password")
    expect(PASSWORD not in daemon.log(), "the password is in the log")
    daemon.unmount()


@case("the password cannot be seen in the process list", smoke=True)
def _process_list(world):
    _, store = _volume(world)
    for start in (world.mount, world.mount_in_background):
        daemon = start(store, *SIZE, f"--password={PASSWORD}")
        for name in ("cmdline", "environ"):
            with open(f"/proc/{daemon.pid}/{name}", "rb") as file:
                words = file.read()
            expect(PASSWORD.encode() not in words, f"the password is in {name}: {words}")
        daemon.unmount()


@case("neither the password nor a key made of it is in the log, whatever is logged", smoke=True)
def _log(world):
    for option in (f"--password={PASSWORD}", password_file(world, PASSWORD + "\n")):
        _, store = _volume(world)
        daemon = world.mount(store, *SIZE, "--debug", "--debug-http", option)
        with DirectFile(daemon.file) as file:
            expect(file.read(NUMBER * BLOCK, BLOCK) == pattern(NUMBER, BLOCK), "wrong data")
            file.write(0, pattern(1, 2 * BLOCK))
            file.sync()
        daemon.unmount()
        log = daemon.log()
        expect(block_key(NUMBER) in log, "requests are not in the log")
        for secret, name in ((PASSWORD, "password"), *Sealer(PASSWORD, PLACE).secrets()):
            expect(secret not in log, f"the {name} is in the log: {secret}")


@case("statistics and refusals do not tell the password")
def _elsewhere(world):
    _, store = _volume(world)
    daemon = world.mount(store, *SIZE, f"--password={PASSWORD}")
    with open(daemon.stats, encoding="utf-8") as file:
        expect(PASSWORD not in file.read(), "the password is in the statistics")
    text = world.refused(store, *SIZE, f"--password={PASSWORD}")
    expect(PASSWORD not in text, f"the password is in: {text}")
    daemon.unmount()


# Asked for on a terminal.

def _typed(terminal, text):
    terminal.wait_text("assword")
    terminal.type(text + "\n")


def _expect_secret(daemon, terminal):
    _read(daemon)
    for text in (terminal.text(), daemon.log()):
        expect(PASSWORD not in text, f"the password is in: {text}")
    daemon.unmount()


@case("without a password the terminal is asked, which does not show what is typed", smoke=True)
def _prompt(world):
    _, store = _volume(world)
    terminal = world.terminal(store, *SIZE, "-f", "--debug", "--debug-http")
    _typed(terminal, PASSWORD)
    daemon = world.adopt(terminal.process, terminal.mount, terminal.log)
    daemon.wait_mounted()
    _expect_secret(daemon, terminal)


@case("a start in the background asks the terminal, too, before it leaves it")
def _prompt_in_background(world):
    _, store = _volume(world)
    terminal = world.terminal(store, *SIZE)
    _typed(terminal, PASSWORD)
    expect_equal(terminal.process.wait(), 0, "exit status of the start")
    _expect_secret(world.adopt_detached(terminal.mount), terminal)


@case("a wrong password at the terminal mounts nothing", smoke=True)
def _wrong_prompt(world):
    server, store = _volume(world)
    for typed in ("another", ""):
        terminal = world.terminal(store, *SIZE)
        _typed(terminal, typed)
        expect_equal(terminal.process.wait(), 1, "exit status")
        expect(not os.path.ismount(terminal.mount), "mounted")
    _expect_unmounted(server)


@case("Ctrl-C at the prompt mounts nothing and leaves the terminal as it was", smoke=True)
def _interrupted(world):
    server, store = _volume(world)
    terminal = world.terminal(store, *SIZE)
    terminal.wait_text("assword")
    expect(not terminal.echoes(), "the terminal shows what is typed")
    terminal.interrupt()
    expect(terminal.process.wait() != 0, "exit status 0")
    expect(terminal.echoes(), "the terminal does not show any more what is typed")
    expect(not os.path.ismount(terminal.mount), "mounted")
    _expect_unmounted(server)


@case("without a password, and without a terminal, nothing is mounted and none is taken as given",
      smoke=True)
def _no_terminal(world):
    for password in (PASSWORD, ""):
        server, store = _volume(world, password)
        for foreground in (True, False):
            text = world.refused(store, *SIZE, foreground=foreground)
            expect("password" in text, f"the password is not named in: {text}")
        _expect_unmounted(server)
    server = world.server()
    world.refused(world.http_store(server).plus("--encrypt"), *SIZE)
    expect_equal(server.admin.object_headers(TOKEN_KEY), None, "token")
