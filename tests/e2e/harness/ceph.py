# SPDX-License-Identifier: Apache-2.0
"""A Ceph object gateway on a cluster of one node in memory: one mon, one osd, all on loopback."""
import os
import uuid

from harness.keepers import Kept
from harness.procs import run, wait_until

# The one that it has besides STANDARD.
STORAGE_CLASS = "REDUCED_REDUNDANCY"
# Ports from the first one on: S3, mon, and a range for the osd.
_OSD_PORTS = range(10, 61)

# crypt: the TLS in front of it is unknown to it, and a key for aws:kms.
# tcp_nodelay: without it a small GET takes 40 ms (Nagle's algorithm against delayed answers).
_CONF = """[global]
fsid = {fsid}
mon_host = [v2:127.0.0.1:{mon_port}/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
ms_bind_msgr2 = true
ms_bind_port_min = {osd_port_min}
ms_bind_port_max = {osd_port_max}
keyring = {d}/keyring
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_data = {d}/mon
mon_data_avail_crit = 0
mon_data_avail_warn = 1
osd_data = {d}/osd
osd_objectstore = memstore
memstore_device_bytes = 4294967296
run_dir = {d}/run
admin_socket = {d}/run/$name.asok
log_file = {d}/log/$name.log
mon_cluster_log_file = {d}/log/cluster.log
crash_dir = {d}/crash
[client.rgw]
rgw_frontends = beast tcp_nodelay=1 endpoint=127.0.0.1:{port}
rgw_thread_pool_size = 128
rgw_enable_usage_log = false
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey-1=YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=
rgw_enable_ops_log = false
debug_rgw = 0/5
"""


class Ceph(Kept):
    access_id = "cephaccessid"
    secret = "cephsecretkey123"
    width = _OSD_PORTS[-1] + 1

    def start_it(self):
        for name in ("mon", "osd", "run", "crash"):
            os.makedirs(self.path(name))
        fsid = str(uuid.uuid4())
        with open(self._conf, "w", encoding="ascii") as file:
            file.write(_CONF.format(d=self.directory, fsid=fsid, port=self.port,
                                    mon_port=self.port + 2,
                                    osd_port_min=self.port + _OSD_PORTS[0],
                                    osd_port_max=self.port + _OSD_PORTS[-1]))
        self._start_mon(fsid)
        self._start_osd()
        # The first of these makes the zone and its pools.
        self._run("radosgw-admin", "user", "create", "--uid=e2e", "--display-name=e2e",
                  f"--access-key={self.access_id}", f"--secret-key={self.secret}")
        for place in ("zonegroup", "zone"):
            pool = ["--data-pool", "default.rgw.buckets.data"] if place == "zone" else []
            self._run("radosgw-admin", place, "placement", "add", f"--rgw-{place}", "default",
                      "--placement-id", "default-placement", "--storage-class", STORAGE_CLASS,
                      *pool)
        self._spawn("radosgw", "-n", "client.rgw", "-f")

    @property
    def _conf(self):
        return self.path("ceph.conf")

    def _start_mon(self, fsid):
        keyring, map_file = self.path("keyring"), self.path("monmap")
        run(["ceph-authtool", "--create-keyring", keyring], self.directory)
        everything = ["--cap", "mon", "allow *"]
        for name, caps in (("mon.", everything),
                           ("client.admin", [*everything, "--cap", "osd", "allow *"]),
                           ("client.rgw", [*everything, "--cap", "osd", "allow *"]),
                           ("osd.0", ["--cap", "mon", "allow profile osd",
                                      "--cap", "osd", "allow *"])):
            run(["ceph-authtool", keyring, "--gen-key", "-n", name, *caps], self.directory)
        run(["monmaptool", "--create", "--fsid", fsid, "--addv", "a",
             f"[v2:127.0.0.1:{self.port + 2}/0]", map_file], self.directory)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", map_file, "--keyring", keyring)
        self._spawn("ceph-mon", "-i", "a", "-f")

    def _start_osd(self):
        osd = str(uuid.uuid4())
        wait_until(lambda: self._try("ceph", "--connect-timeout", "5", "osd", "new", osd, "0"),
                   "the mon answers", 60)
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("ceph-osd", "-i", "0", "-f")
        wait_until(lambda: "1 up" in self._try("ceph", "--connect-timeout", "5", "osd", "stat"),
                   "the osd is up", 60)

    def _command(self, program, *arguments):
        return [program, "-c", self._conf, *arguments]

    def _run(self, *command):
        return self.run(*self._command(*command))

    def _try(self, *command):
        """The output of a command that succeeds, else an empty text."""
        self.expect_alive()
        status, text = run(self._command(*command), self.directory, timeout=60, check=False)
        return (text or "done") if status == 0 else ""

    def _spawn(self, *command):
        self.spawn(*self._command(*command))
