# SPDX-License-Identifier: Apache-2.0
"""Where the keys come from that requests are signed with, and how they stay valid.

The test server gives the keys, by the protocols of EC2, ECS and STS, and accepts no others.
Source: wire-format.md 2.8, 4; command-line.md 2.1.
"""
import json
import os
import stat

from harness.files import DirectFile, pattern
from harness.registry import case, expect, expect_equal
from harness.servers import BUCKET
from harness.stores import Store

BLOCK = 65536
SIZE = (f"--size={BLOCK * 20}", f"--blockSize={BLOCK}")
KEY_ID, SECRET, TOKEN = "TEMPORARYID", "temporary-secret-of-nobody", "session-token-of-nobody"
WEB_TOKEN = "web-identity-token-of-nobody"


def _server(world, *options, lifetime=3600):
    return world.server(options=(f"--credentials={KEY_ID}:{SECRET}:{TOKEN}:{lifetime}", *options))


def _store(server, *options):
    return Store(BUCKET, (f"--baseURL={server.url}", *options), False)


def _set(**variables):
    """For the daemon: each case is a process of its own."""
    os.environ.update({name: str(value) for name, value in variables.items()})


def _works(world, store):
    """A volume that is written, flushed and read; no secret is in its log."""
    daemon = world.mount(store, *SIZE, "--debug", "--debug-http")
    _write(daemon, 1)
    daemon.unmount()
    _no_secret(daemon)


def _write(daemon, number):
    with DirectFile(daemon.file, os.O_RDWR) as file:
        file.write(number * BLOCK, pattern(number, BLOCK))
        file.sync()
        expect(file.read(number * BLOCK, BLOCK) == pattern(number, BLOCK), "wrong data")


def _no_secret(daemon):
    for secret in (SECRET, TOKEN, WEB_TOKEN):
        expect(secret not in daemon.log(), f"a secret is in the log: {secret}")


@case("keys of an EC2 role, by both versions of the metadata service")
def _role(world):
    for flags, options in ((("--accessEC2IAM=test-role",), ()),
                           (("--accessEC2IAM=test-role", "--accessEC2IAM-IMDSv2"),
                            ("--imds-v2-only",))):
        server = _server(world, *options)
        _set(AWS_EC2_METADATA_SERVICE_ENDPOINT=server.url)
        _works(world, _store(server, *flags))


@case("a role without keys, or whose service is not to be had, ends the start with its reason")
def _no_role(world):
    server = world.server()
    _set(AWS_EC2_METADATA_SERVICE_ENDPOINT=server.url)
    store = _store(server, "--accessEC2IAM=test-role")
    mount = world.new_path("mnt")
    os.mkdir(mount)
    status, text = world.run_to_end(*SIZE, "--maxRetryPause=10", "--initialRetryPause=5",
                                    *store.options, store.bucket, mount)
    expect_equal(status, 1, f"exit status, saying {text}")
    expect("access keys" in text, f"the reason is not named in: {text}")


@case("accessProvider=env, profile, ecs and web-identity")
def _providers(world):
    server = _server(world, f"--web-identity-token={WEB_TOKEN}")
    _set(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=TOKEN)
    _works(world, _store(server, "--accessProvider=env"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        del os.environ[name]

    _set(AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{server.url}v2/credentials/x")
    _works(world, _store(server, "--accessProvider=ecs"))

    token = _file(world, WEB_TOKEN)
    _set(AWS_WEB_IDENTITY_TOKEN_FILE=token, AWS_ROLE_ARN="arn:aws:iam::123456789012:role/r",
         AWS_ENDPOINT_URL_STS=server.url)
    _works(world, _store(server, "--accessProvider=web-identity"))

    answer = _file(world, json.dumps({"Version": 1, "AccessKeyId": KEY_ID,
                                      "SecretAccessKey": SECRET, "SessionToken": TOKEN}))
    profile = _file(world, f"[profile p]\ncredential_process = /bin/cat {answer}\n")
    _set(AWS_CONFIG_FILE=profile, AWS_PROFILE="p")
    _works(world, _store(server, "--accessProvider=profile"))


def _file(world, text):
    path = world.new_path("file")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(path, stat.S_IRUSR)
    return path


@case("keys are fetched again before they expire, and the next request is signed with the new ones")
def _refresh(world):
    server = _server(world, lifetime=7)
    _set(AWS_EC2_METADATA_SERVICE_ENDPOINT=server.url)
    daemon = world.mount(_store(server, "--accessEC2IAM=test-role"), *SIZE)
    server.admin.request(
        "POST", "/_admin/credentials?id=NEXTID&secret=next-secret&token=next-token&lifetime=3600")
    server.admin.wait(method="CREDENTIALS", count=2)
    _write(daemon, 2)
    daemon.unmount()
    _no_secret(daemon)
    expect("next-secret" not in daemon.log() and "next-token" not in daemon.log(), "a secret")
