# SPDX-License-Identifier: Apache-2.0
"""The tests, one module a theme. A module named here is run, in this order."""

THEMES = ("filesystems", "interop", "geometry", "token", "requests", "cache", "cache_file",
          "recovery", "consistency", "durability", "discard", "memory", "crash", "kills", "face",
          "transport", "metrics", "operating", "lifecycle", "errors", "observed", "process",
          "threads", "hostile", "hostile_lists", "interop_options", "interop_codecs",
          "compression", "encryption", "tampering", "passwords", "bucket", "keys", "packaging",
          "servers", "quickstart", "bench")
