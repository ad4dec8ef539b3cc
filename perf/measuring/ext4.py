# SPDX-License-Identifier: Apache-2.0
"""What users do on a file system that lies on the mount."""
import os
import sqlite3
import subprocess
import tarfile
import time


def source_tree(folder):
    """A tar of 2000 small files in 100 folders, as sources have them."""
    path = os.path.join(folder, "tree.tar")
    if not os.path.exists(path):
        data = os.path.join(folder, "file.c")
        with open(data, "w", encoding="ascii") as file:
            file.write("int f(int a) { return a + 1; }\n" * 200)
        with tarfile.open(path, "w") as tar:
            for number in range(2000):
                tar.add(data, arcname=f"tree/{number % 100}/{number}.c")
    return path


def unpacked(folder, point):
    """Seconds until all of it is stored."""
    path = source_tree(folder)
    begun = time.monotonic()
    subprocess.run(["tar", "-xf", path, "-C", point], check=True)
    subprocess.run(["sync", "-f", point], check=True)
    return time.monotonic() - begun


def synced_writes(point, seconds=2):
    """Appends of 4 KiB a second, each followed by an fsync."""
    begun = time.monotonic()
    count = 0
    with open(os.path.join(point, "log"), "wb", buffering=0) as file:
        while time.monotonic() - begun < seconds:
            file.write(os.urandom(4096))
            os.fsync(file.fileno())
            count += 1
    return count / (time.monotonic() - begun)


def commits(point, seconds=2):
    """Transactions of one row a second, in a database with the defaults of SQLite."""
    database = sqlite3.connect(os.path.join(point, "database"), isolation_level=None)
    database.execute("create table t (id integer primary key, text)")
    begun = time.monotonic()
    count = 0
    while time.monotonic() - begun < seconds:
        database.execute("insert into t (text) values (?)", (os.urandom(100).hex(),))
        count += 1
    rate = count / (time.monotonic() - begun)
    database.close()
    return rate
