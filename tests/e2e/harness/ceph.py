# SPDX-License-Identifier: Apache-2.0
"""A Ceph object gateway on a cluster of one node in memory: one mon, one osd, all on loopback.

A process of its own keeps it: it prints one line of JSON when the gateway serves, and ends the
cluster when it is told to by SIGTERM, or by the end of its parent (the end of its stdin).
"""
import datetime
import hashlib
import hmac
import http.client
import json
import os
import random
import signal
import socket
import sys
import uuid

from harness.procs import Process, run, wait_until
from harness.registry import Failure

ACCESS_ID = "cephaccessid"
SECRET = "cephsecretkey123"
BUCKET = "e2e"
# Ports from the first one on: S3, mon, and a range for the osd.
_OSD_PORTS = range(10, 61)

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
rgw_enable_ops_log = false
debug_rgw = 0/5
"""


def _free_ports():
    """The first of a range of ports that nobody listens on."""
    for _ in range(50):
        first = random.randrange(20000, 32000)
        if all(_free(first + step) for step in (0, 2, *_OSD_PORTS)):
            return first
    raise Failure("no free ports for Ceph")


def _free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Cluster:
    def __init__(self, directory):
        self.directory = directory
        self.port = _free_ports()
        self._conf = os.path.join(directory, "ceph.conf")
        self._processes = []

    def start(self):
        """Ends when the gateway answers and the bucket exists."""
        for name in ("mon", "osd", "run", "log", "crash"):
            os.makedirs(os.path.join(self.directory, name))
        fsid = str(uuid.uuid4())
        with open(self._conf, "w", encoding="ascii") as file:
            file.write(_CONF.format(d=self.directory, fsid=fsid, port=self.port,
                                    mon_port=self.port + 2,
                                    osd_port_min=self.port + _OSD_PORTS[0],
                                    osd_port_max=self.port + _OSD_PORTS[-1]))
        self._start_mon(fsid)
        self._start_osd()
        self._run("radosgw-admin", "user", "create", "--uid=e2e", "--display-name=e2e",
                  f"--access-key={ACCESS_ID}", f"--secret-key={SECRET}")
        self._spawn("radosgw", "-n", "client.rgw", "-f")
        wait_until(self._make_bucket, "the gateway makes a bucket", 120)

    def stop(self):
        """Its data is of no use to anyone: no need for an orderly end."""
        for process in reversed(self._processes):
            process.send(signal.SIGKILL)
            process.wait()

    def _start_mon(self, fsid):
        keyring, map_file = (os.path.join(self.directory, n) for n in ("keyring", "monmap"))
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
        return run(self._command(*command), self.directory, timeout=120)[1]

    def _try(self, *command):
        """The output of a command that succeeds, else an empty text."""
        self._expect_alive()
        status, text = run(self._command(*command), self.directory, timeout=60, check=False)
        return (text or "done") if status == 0 else ""

    def _spawn(self, program, *arguments):
        with open(os.path.join(self.directory, "log", program), "wb") as log:
            self._processes.append(Process.start(self._command(program, *arguments),
                                                 self.directory, stdout=log, stderr=log))

    def _expect_alive(self):
        if not all(process.running() for process in self._processes):
            raise Failure("a Ceph process has ended")

    def _make_bucket(self):
        self._expect_alive()
        try:
            return signed_put(self.port, f"/{BUCKET}") == 200
        except (OSError, http.client.HTTPException):
            return False


def signed_put(port, path):
    """A PUT without a body, signed with AWS signature version 4; the status."""
    host, region = f"127.0.0.1:{port}", "us-east-1"
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    nothing = hashlib.sha256(b"").hexdigest()
    headers = {"host": host, "x-amz-content-sha256": nothing, "x-amz-date": now}
    names = ";".join(headers)
    request = "\n".join(["PUT", path, "", *(f"{k}:{v}" for k, v in headers.items()), "", names,
                         nothing])
    scope = f"{now[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = ("AWS4" + SECRET).encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS_ID}/{scope}, "
                                f"SignedHeaders={names}, Signature={key.hex()}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("PUT", path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def keep(directory):
    """The keeper's main function."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cluster = Cluster(directory)
    try:
        cluster.start()
        print(json.dumps({"url": f"http://127.0.0.1:{cluster.port}/", "bucket": BUCKET,
                          "access_id": ACCESS_ID, "secret": SECRET}), flush=True)
        sys.stdin.read()
    except Failure as failure:
        print(json.dumps({"failure": str(failure)}), flush=True)
        return 1
    finally:
        cluster.stop()
    return 0
