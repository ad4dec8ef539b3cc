# SPDX-License-Identifier: Apache-2.0
"""A world whose S3 server is one of those that the run keeps, so that cases can be run on it."""
from harness.s3_client import S3Client
from harness.stores import s3_store


class RemoteServer:
    """A part of the bucket of a kept server, below a prefix of its own."""

    def __init__(self, settings, prefix):
        self.settings = settings
        self.prefix = prefix
        self.admin = S3Client(settings, prefix)


class RemoteWorld:
    """World, but for where server() and http_store() are. `settings`: of a kept server."""

    def __init__(self, world, settings):
        self._world = world
        self._server = settings
        self._count = 0

    def __getattr__(self, name):
        return getattr(self._world, name)

    def server(self):
        self._count += 1
        directory = self._world.directory.rsplit("-", 1)[-1]
        return RemoteServer(self._server, f"{directory}-{self._count}/")

    def http_store(self, server, prefix=""):
        s = server.settings
        return s3_store(s["url"], s["bucket"], s["access_id"], s["secret"],
                        server.prefix + prefix, s.get("ca_file"))
