# SPDX-License-Identifier: Apache-2.0
"""A client of real S3 servers, for what a test has to see or put there. AWS signature version 4."""
import datetime
import hashlib
import hmac
import http.client
import re
import ssl
import urllib.parse
from xml.sax import saxutils

from harness.registry import Failure

REGION = "us-east-1"
_GONE = (200, 204, 404)


class S3Client:
    """One bucket of a server at 127.0.0.1. `prefix` stands before every key, unseen by the caller.

    It has the names of the test server's Admin, as far as every server can do that.
    """

    def __init__(self, settings, prefix=""):
        self._port = settings["port"]
        self._bucket = settings["bucket"]
        self._access_id = settings["access_id"]
        self._secret = settings["secret"]
        self._ca_file = settings.get("ca_file")
        self._prefix = prefix

    def request(self, method, path, query="", body=b"", headers=None):
        """(status, headers, body). `path` and `query` are encoded; the query is sorted."""
        signed = self._signed(method, path, query, body, headers or {})
        if self._ca_file:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, timeout=60,
                context=ssl.create_default_context(cafile=self._ca_file))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(method, path + ("?" + query if query else ""), body, signed)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def make_bucket(self):
        return self.request("PUT", f"/{self._bucket}")[0] in (200, 409)

    def keys(self, prefix=""):
        """Sorted; all pages of them."""
        found, after = [], ""
        while True:
            query = urllib.parse.urlencode(
                {"marker": after, "prefix": self._prefix + prefix}, quote_via=urllib.parse.quote,
                safe="")
            text = self._expect(200, "GET", f"/{self._bucket}", query).decode()
            page = [saxutils.unescape(key) for key in re.findall("<Key>(.*?)</Key>", text)]
            found += page
            if not page or "<IsTruncated>true" not in text:
                return [key[len(self._prefix):] for key in found]
            after = page[-1]

    def object(self, key):
        status, _, body = self.request("GET", self._path(key))
        if status not in (200, 404):
            raise Failure(f"GET of {key}: {status}")
        return body if status == 200 else None

    def object_headers(self, key):
        status, headers, _ = self.request("HEAD", self._path(key))
        return headers if status == 200 else None

    def put(self, key, body, headers=None):
        self._expect(200, "PUT", self._path(key), body=body, headers=headers)

    def remove(self, key):
        status, _, text = self.request("DELETE", self._path(key))
        if status not in _GONE:
            raise Failure(f"DELETE of {key}: {status} {text.decode(errors='replace')}")

    def _expect(self, wanted, method, path, query="", body=b"", headers=None):
        status, _, text = self.request(method, path, query, body, headers)
        if status != wanted:
            raise Failure(f"{method} {path}?{query}: {status} {text.decode(errors='replace')}")
        return text

    def _path(self, key):
        return f"/{self._bucket}/" + urllib.parse.quote(self._prefix + key, safe="/~")

    def _signed(self, method, path, query, body, extra):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        headers = {**{name.lower(): value for name, value in extra.items()},
                   "host": f"127.0.0.1:{self._port}", "x-amz-content-sha256": digest,
                   "x-amz-date": now}
        names = ";".join(sorted(headers))
        request = "\n".join([method, path, query, *(f"{k}:{headers[k]}" for k in sorted(headers)),
                             "", names, digest])
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                          hashlib.sha256(request.encode()).hexdigest()])
        key = ("AWS4" + self._secret).encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self._access_id}/{scope}, "
                                    f"SignedHeaders={names}, Signature={key.hex()}")
        return headers
