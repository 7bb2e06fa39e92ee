"""Sends requests to Drive: the client library over connections that never retry by themselves. Knows no Django."""

import http.client
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import googleapiclient
import httplib2
from google.auth.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import Resource, build_from_document
from googleapiclient.http import MediaUpload

#: Below the shortest lease of a job, for nothing is reported while an answer is awaited.
TIMEOUT_S = 50
#: Between two blocks of a body the lease is renewed; a chunk on a slow line takes longer than a lease.
BLOCK_BYTES = 256 * 1024
GOOGLE_URL = "https://www.googleapis.com/"

_on_block: ContextVar[Callable[[int], None] | None] = ContextVar("_on_block", default=None)


@contextmanager
def watching_bytes(on_block: Callable[[int], None]) -> Iterator[None]:
    """Call ``on_block`` with the number of bytes each time some have been handed to the network."""
    token = _on_block.set(on_block)
    try:
        yield
    finally:
        _on_block.reset(token)


class _Frank:
    """A connection that reports what it sends, and raises a lost answer as such.

    httplib2 takes a connection that ends without an answer for one that went stale, and sends the whole request again;
    but that request may have been done. Whether it is repeated is for the caller to say, who can ask first.
    """

    def send(self, data: object) -> None:
        if not isinstance(data, bytes) or len(data) <= BLOCK_BYTES:
            super().send(data)
            return
        for start in range(0, len(data), BLOCK_BYTES):
            block = data[start : start + BLOCK_BYTES]
            super().send(block)
            if on_block := _on_block.get():
                on_block(len(block))

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            return super().getresponse()
        except (http.client.BadStatusLine, http.client.ResponseNotReady) as error:
            self.close()
            raise ConnectionAbortedError("the connection ended without an answer") from error


class _Https(_Frank, httplib2.HTTPSConnectionWithTimeout):
    pass


class _Http(_Frank, httplib2.HTTPConnectionWithTimeout):
    pass


class DriveHttp(httplib2.Http):
    def __init__(self) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self.redirect_codes -= {308}  # for Drive this says "go on sending", not "look elsewhere"

    def request(self, uri: str, *args, connection_type: type | None = None, **kwargs) -> tuple:
        kind = _Https if uri.startswith("https:") else _Http
        return super().request(uri, *args, connection_type=kind, **kwargs)


def authorised(credentials: Credentials) -> AuthorizedHttp:
    """Return new connections for one worker's thread; httplib2's may not be shared."""
    return AuthorizedHttp(credentials, http=DriveHttp())


@cache
def drive_service(root_url: str = GOOGLE_URL) -> Resource:
    """Return Drive's methods from the client library's own description, without using the network.

    The root is changed in the description itself, because ``api_endpoint`` leaves uploads where they were.
    """
    document = description()
    document |= {"rootUrl": root_url, "baseUrl": root_url + document["servicePath"], "mtlsRootUrl": root_url}
    return build_from_document(document, http=httplib2.Http())


def description() -> dict:
    folder = Path(googleapiclient.__file__).parent
    return json.loads((folder / "discovery_cache" / "documents" / "drive.v3.json").read_text())


class FileChunks(MediaUpload):
    """A file on disk as chunks of bytes.

    Not as a stream, which is what the library's own class does: when a token runs out within an upload the request is
    repeated, and a stream that was read to its end would be sent as nothing.
    """

    def __init__(self, path: Path, *, chunk_bytes: int, mimetype: str) -> None:
        self._path, self._chunk_bytes, self._mimetype = path, chunk_bytes, mimetype
        self._size = path.stat().st_size

    def chunksize(self) -> int:
        return self._chunk_bytes

    def mimetype(self) -> str:
        return self._mimetype

    def size(self) -> int:
        return self._size

    def resumable(self) -> bool:
        return True

    def getbytes(self, begin: int, length: int) -> bytes:
        with self._path.open("rb") as file:
            return os.pread(file.fileno(), length, begin)
