# SPDX-License-Identifier: Apache-2.0
"""The statistics for machines: JSON in the mount, and what Prometheus reads."""
import http.client
import json
import os
import re
import socket
import subprocess
import urllib.error
import urllib.request

from harness.files import DirectFile, pattern
from harness.procs import Process, wait_until
from harness.registry import Failure, case, expect, expect_equal

BLOCK = 65536
PUTS = 4  # three blocks and the mount token
SIZE = (f"--size={16 * BLOCK}", f"--blockSize={BLOCK}")


def _port(daemon):
    return int(re.search(r"serving metrics address=\S+ port=(\d+)", daemon.log()).group(1))


def _metrics(daemon):
    with urllib.request.urlopen(f"http://127.0.0.1:{_port(daemon)}/metrics") as answer:
        return answer.read().decode()


def _value(text, line):
    found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    expect(found, f"no line {line}")
    return float(found.group(1))


def _mounted_and_used(world, *options):
    daemon = world.mount(world.http_store(world.server()), *SIZE,
                         f"--blockCacheFile={world.path('cache')}", *options)
    with DirectFile(daemon.file) as file:
        for number in range(3):
            file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        file.read(0, BLOCK)
    return daemon


@case("stats.json has the numbers of the statistics file and latencies, and is not listed",
      smoke=True)
def _json(world):
    daemon = _mounted_and_used(world)
    expect_equal(sorted(os.listdir(daemon.mount)), ["file", "stats"], "listing")
    with open(os.path.join(daemon.mount, "stats.json"), encoding="ascii") as file:
        found = json.load(file)
    with open(daemon.stats, encoding="ascii") as file:
        labels = [line.split()[0] for line in file]
    expect_equal([label for label in found if label != "latencies"], labels, "labels")
    expect_equal(found["http_normal_blocks_written"], 3, "blocks written")
    times = found["latencies"]
    expect(times["fuse"]["write"]["count"] >= 3 and times["fuse"]["fsync"]["count"] >= 1, times)
    expect(times["s3"]["put"]["count"] == PUTS and times["s3"]["put"]["seconds"] > 0, times)
    expect(times["cache_file"]["sync"]["count"] >= 1, times)
    daemon.unmount()


@case("promtool has nothing to say about the metrics", needs=("prometheus",))
def _promtool(world):
    daemon = _mounted_and_used(world, "--metricsListen=0")
    text = _metrics(daemon)
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    expect_equal((done.returncode, done.stdout), (0, b""), "promtool")
    expect_equal(_value(text, "s3backer_http_puts_total"), PUTS, "PUTs")
    expect_equal(_value(text, 's3backer_s3_duration_seconds_count{operation="put"}'), PUTS,
                 "PUTs")
    expect(_value(text, 's3backer_fuse_requests_total{kind="WRITE"}') >= 3, "writes")
    daemon.unmount()


@case("metrics are served on a socket, to its owner only, and to nobody unless asked for")
def _socket(world):
    place = world.path("metrics.sock")
    daemon = world.mount(world.directory_store(), *SIZE, f"--metricsListen={place}")
    expect_equal(os.stat(place).st_mode & 0o077, 0, "what others may do")

    def get(path, method="GET"):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.connect(place)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body
    status, body = get("/metrics")
    expect(status == 200 and b"s3backer_memory_budget_bytes" in body, body[:200])
    expect_equal((get("/")[0], get("/metrics", "POST")[0]), (404, 405), "statuses")
    daemon.kill()
    daemon = world.mount(world.directory_store(), *SIZE, f"--metricsListen={place}")
    expect_equal(get("/metrics")[0], 200, "status after a kill and a new mount")
    daemon.unmount()
    expect(not os.path.exists(place), "the socket is left behind")
    taken = world.mount(world.directory_store(), *SIZE, "--metricsListen=0")
    text = world.refused(world.directory_store(), *SIZE, f"--metricsListen={_port(taken)}")
    expect("metrics" in text and "in use" in text, text)
    taken.unmount()


@case("a real Prometheus scrapes the mount", needs=("prometheus",), time_limit=90)
def _prometheus(world):
    daemon = _mounted_and_used(world, "--metricsListen=0")
    config = world.path("prometheus.yml")
    with open(config, "w", encoding="ascii") as file:
        json.dump({"global": {"scrape_interval": "1s"},
                   "scrape_configs": [{"job_name": "s3backer", "static_configs":
                                       [{"targets": [f"127.0.0.1:{_port(daemon)}"]}]}]}, file)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with open(world.path("prometheus.log"), "wb") as log:
        process = Process.start(["prometheus", f"--config.file={config}",
                                 f"--storage.tsdb.path={world.path('tsdb')}",
                                 f"--web.listen-address={address}"], world.directory, stdout=log,
                                stderr=log)
    world.on_close(process.end)

    def scraped():
        query = f"http://{address}/api/v1/query?query=s3backer_http_puts_total"
        try:
            with urllib.request.urlopen(query, timeout=5) as answer:
                result = json.load(answer)["data"]["result"]
        except (urllib.error.URLError, OSError):
            if not process.running():
                raise Failure("prometheus has ended") from None
            return False
        return result and result[0]["value"][1] == str(PUTS)
    wait_until(scraped, "Prometheus has the number of PUTs", timeout=60)
    process.end()
    daemon.unmount()
