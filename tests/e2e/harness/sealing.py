# SPDX-License-Identifier: Apache-2.0
"""Objects as an encrypted or compressed volume has them, made without s3backer.

Source: wire-format.md 5, 6. OpenSSL's program does the ciphers, as Python has none.
"""
import base64
import hashlib
import hmac
import subprocess
import zlib

HMAC_HEADER = "x-amz-meta-s3backer-hmac"
ENCODING = "content-encoding"
_ROUNDS = 5000
# Name: (bytes of its key, bytes of its blocks).
CIPHERS = {"AES-128-CBC": (16, 16), "AES-256-CBC": (32, 16), "DES-EDE3-CBC": (24, 8)}


class Sealer:
    """Encrypts blocks for the volume at `place`: BUCKET/PREFIX. `length`: keyLength, 0 = usual."""

    def __init__(self, password, place, cipher="AES-128-CBC", length=0):
        self.cipher = cipher
        self._key_bytes, self._block_bytes = CIPHERS[cipher]
        length = length or self._key_bytes
        self.key = hashlib.pbkdf2_hmac("sha1", password.encode(), place.encode(), _ROUNDS, length)
        self.iv_key = hashlib.pbkdf2_hmac("sha1", self.key, self.key, _ROUNDS, length)

    def seal(self, number, packed):
        """(body, headers) of block `number`, whose compressed bytes are `packed`."""
        name = f"{number:08x}".encode()
        start = self._encrypt(self.iv_key, self.iv_key[:self._block_bytes],
                              name.ljust(self._block_bytes, b"\0"), "-nopad")
        body = self._encrypt(self.key, start[:self._block_bytes], packed)
        return body, self.headers(number, body)

    def headers(self, number, body, encoding=None):
        """Those of an object with this body: with its HMAC."""
        name = f"{number:08x}".encode()
        mac = hmac.new(self.key, name + self.cipher.encode() + body, "sha1").hexdigest()
        return {HMAC_HEADER: f'"{mac}"',
                ENCODING: encoding or f"deflate, encrypt-{self.cipher}"}

    def secrets(self):
        """(text, what it is) of what nobody may see: the keys, as they might be written."""
        for key, what in ((self.key, "key"), (self.iv_key, "key of the vectors")):
            for text in (key.hex(), key.hex().upper(), key.hex(" "), base64.b64encode(key).decode(),
                         key.decode("utf-8", "replace")):
                yield text, what

    def _encrypt(self, key, start, data, *options):
        return subprocess.run(
            ["openssl", "enc", "-" + self.cipher.lower(), "-K", key[:self._key_bytes].hex(),
             "-iv", start.hex(), *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def zlib_bomb(length):
    """A zlib stream of about a thousandth of `length` zeros; `length`: a number of MiB in bytes."""
    part = 1 << 20
    packer = zlib.compressobj(9)
    first = packer.compress(bytes(part)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(part)) + packer.flush(zlib.Z_FULL_FLUSH)
    # Adler-32 of zeros: their number above 1. Before it an empty last block.
    return first + again * (length // part - 1) + b"\x03\x00" \
        + ((length % 65521) << 16 | 1).to_bytes(4, "big")


def zstd_bomb(length):
    """A zstd frame of `length` zeros, a number of 128 KiB in bytes, without its size."""
    part = 128 << 10
    window = 10 << 3  # of 1 MiB
    repeat = ((part << 3) | 1 << 1).to_bytes(3, "little") + b"\0"
    last = (1 | 1 << 1).to_bytes(3, "little") + b"\0"  # no bytes
    return b"\x28\xb5\x2f\xfd\x00" + bytes([window]) + repeat * (length // part) + last
