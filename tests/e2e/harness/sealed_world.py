# SPDX-License-Identifier: Apache-2.0
"""Encrypted volumes on the hostile server: it has full power over objects, and no key."""
import contextlib
import zlib

from harness.files import pattern
from harness.hostile_server import BUCKET
from harness.hostile_world import BLOCK, COUNT, GEOMETRY, hostile
from harness.sealing import Sealer
from harness.servers import block_key

PASSWORD = "a pass phrase that nobody may see"
PLACE = f"{BUCKET}/"


def password_file(world, text):
    """The option that names a file with this text and nothing else."""
    path = world.new_path("password")
    with open(path, "wb") as file:
        file.write(text.encode())
    return f"--passwordFile={path}"


def seal_into(server, sealer, numbers=range(COUNT), prefix=""):
    """Puts these blocks of a volume there, encrypted by `sealer`, which knows its place."""
    for number in numbers:
        body, headers = sealer.seal(number, zlib.compress(pattern(number, BLOCK)))
        server.put(block_key(number, prefix), body,
                   {**headers, **(GEOMETRY if number == 0 else {})})


@contextlib.contextmanager
def sealed(world, numbers=range(COUNT), **settings):
    """A Hostile whose volume is encrypted, and its Sealer as h.sealer. `settings`: of that."""
    with hostile(world, filled=False) as h:
        h.sealer = Sealer(PASSWORD, PLACE, **settings)
        h.secrets += [(PASSWORD, "password"), *h.sealer.secrets()]
        h.store = h.store.plus("--encrypt", password_file(world, PASSWORD + "\n"))
        seal_into(h.server, h.sealer, numbers)
        yield h
