# SPDX-License-Identifier: Apache-2.0
"""OpenStack Swift with its S3 interface: one server of each kind on one device, and memcached."""
import os

from harness.keepers import Kept

_USER = "cat"
_KINDS = ("account", "container", "object")
_WORKERS = {"object": 2}

_SWIFT = """[swift-hash]
swift_hash_path_prefix = e2e
swift_hash_path_suffix = e2e
[storage-policy:0]
name = default
default = yes
"""
_SERVER = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {d}/etc
devices = {d}/srv
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
workers = {workers}
user = root
log_address = /dev/null
log_level = WARNING
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
recon_cache_path = {d}/cache
allow_ssync = false
"""
# s3_acl off: the owner may do everything, an access type is taken and has no effect.
_PROXY = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {d}/etc
workers = 2
user = root
log_address = /dev/null
log_level = WARNING
[pipeline:main]
pipeline = catch_errors cache s3api tempauth bulk slo dlo copy proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{memcached}
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
storage_domain = s3.localhost
dns_compliant_bucket_names = false
allow_multipart_uploads = true
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_e2e_{user} = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:copy]
use = egg:swift#copy
"""


class Swift(Kept):
    # Account and user, with a colon between: no line of an access file can hold that.
    access_id = f"e2e:{_USER}"
    secret = "swiftsecretkey123"
    width = 5

    def start_it(self):
        for name in ("etc", "cache", os.path.join("srv", "d1")):
            os.makedirs(self.path(name))
        self._write("swift", _SWIFT)
        ports = {kind: self.port + 1 + number for number, kind in enumerate(_KINDS)}
        memcached = self.port + len(_KINDS) + 1
        for kind, port in ports.items():
            self._write(kind, _SERVER.format(kind=kind, port=port, d=self.directory,
                                             workers=_WORKERS.get(kind, 0)))
            for action in (("create", "4", "1", "1"),
                           ("add", f"r1z1-127.0.0.1:{port}/d1", "1"), ("rebalance",)):
                self.run("swift-ring-builder", self.path("etc", f"{kind}.builder"), *action)
        self._write("proxy", _PROXY.format(port=self.port, d=self.directory, user=_USER,
                                           memcached=memcached, secret=self.secret))
        self.spawn("memcached", "-l", "127.0.0.1", "-p", memcached, "-U", "0", "-m", "64",
                   "-u", "root")
        for kind in (*_KINDS, "proxy"):
            self.spawn(f"swift-{kind}-server", self.path("etc", f"{kind}.conf"), "-v")

    def _write(self, name, text):
        with open(self.path("etc", f"{name}.conf"), "w", encoding="ascii") as file:
            file.write(text)
