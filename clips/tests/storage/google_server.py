"""A server that speaks the part of Google Cloud Storage's JSON API that the store uses.

From https://cloud.google.com/storage/docs/json_api/v1/objects and docs/performing-resumable-uploads.
"""

import base64
import itertools
import json
import re
from email import message_from_bytes
from urllib.parse import quote, unquote

import google_crc32c
from werkzeug.wrappers import Request, Response

OBJECT = re.compile(r"/(?:download/)?storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>.+)")
REWRITE = re.compile(r"(?P<name>.+)/rewriteTo/b/[^/]+/o/(?P<to>.+)")


class GoogleServer:
    """Objects of one bucket, by name; ``parts`` counts the requests that sent a part of one."""

    bucket = "crew-footage"

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.generations: dict[str, int] = {}
        self.sessions: dict[str, tuple[str, bytearray]] = {}
        self.parts, self._numbers = 0, itertools.count(1)

    def __call__(self, environ: dict, start_response):
        request = Request(environ)
        return self._answer(request, environ.get("RAW_URI", "").partition("?")[0])(environ, start_response)

    def _answer(self, request: Request, path: str) -> Response:
        if f"/b/{self.bucket}/" not in path:
            return self._error(404, "The specified bucket does not exist.")
        if path.startswith("/upload/"):
            return self._upload(request)
        found = OBJECT.fullmatch(path)
        if found is None:
            return self._list(request)
        if request.method == "POST":
            names = REWRITE.fullmatch(found["name"])
            content = self.objects[unquote(names["name"])]
            self.put(unquote(names["to"]), content)
            n_bytes = {"totalBytesRewritten": str(len(content)), "objectSize": str(len(content))}
            return self._json({"done": True, "resource": self._facts(unquote(names["to"])), **n_bytes})
        name = unquote(found["name"])
        if name not in self.objects:
            return self._error(404, f"No such object: {self.bucket}/{name}")
        if request.method == "DELETE":
            del self.objects[name]
            return Response(status=204)
        if path.startswith("/download/"):
            return self._download(request, name)
        return self._json(self._facts(name))

    def _upload(self, request: Request) -> Response:
        if request.args["uploadType"] == "multipart":
            whole = message_from_bytes(b"Content-Type: " + request.content_type.encode() + b"\r\n\r\n" + request.data)
            said, content = (part.get_payload(decode=True) for part in whole.get_payload())
            return self._finish(json.loads(said)["name"], content)
        if request.method == "POST":
            session = str(next(self._numbers))
            self.sessions[session] = (json.loads(request.data)["name"], bytearray())
            where = f"{request.host_url}upload/storage/v1/b/{self.bucket}/o?uploadType=resumable&upload_id={session}"
            return Response(status=200, headers={"Location": where})
        name, so_far = self.sessions[request.args["upload_id"]]
        self.parts += 1
        so_far += request.data
        if len(so_far) < int(request.headers["Content-Range"].rpartition("/")[2]):
            return Response(status=308, headers={"Range": f"bytes=0-{len(so_far) - 1}"})
        return self._finish(name, bytes(so_far))

    def _finish(self, name: str, content: bytes) -> Response:
        self.put(name, content)
        return self._json(self._facts(name))

    def put(self, name: str, content: bytes) -> None:
        self.objects[name], self.generations[name] = content, next(self._numbers)

    def _download(self, request: Request, name: str) -> Response:
        if int(request.args.get("ifGenerationMatch", self.generations[name])) != self.generations[name]:
            return self._error(412, "Precondition Failed")
        first, last = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["Range"]).groups()
        content = self.objects[name]
        span = {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
        return Response(content[int(first) : int(last) + 1], status=206, headers=span)

    def _list(self, request: Request) -> Response:
        prefix = request.args.get("prefix", "")
        names = [name for name in self.objects if name.startswith(prefix) and "/" not in name.removeprefix(prefix)]
        return self._json({"items": [self._facts(name) for name in sorted(names)]})

    def _facts(self, name: str) -> dict:
        content = self.objects[name]
        crc32c = base64.b64encode(google_crc32c.Checksum(content).digest()).decode()
        return {
            "name": name, "bucket": self.bucket, "id": quote(name), "size": str(len(content)), "crc32c": crc32c,
            "generation": str(self.generations[name]), "updated": "2026-01-01T00:00:00.000Z",
        }  # fmt: skip

    @staticmethod
    def _json(told: dict) -> Response:
        return Response(json.dumps(told), content_type="application/json")

    def _error(self, status: int, message: str) -> Response:
        told = {"error": {"code": status, "message": message}}
        return Response(json.dumps(told), status=status, content_type="application/json")
