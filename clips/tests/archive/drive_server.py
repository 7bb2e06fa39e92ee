"""A loopback server that speaks Drive v3 and Google's token endpoint, for the real client library."""

import contextlib
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from clips.tests.archive import drive_consent, drive_rules
from clips.tests.archive.drive_accounts import Accounts
from clips.tests.archive.drive_store import DriveError, DriveStore, Item, Session, not_found
from clips.tests.archive.drive_troubles import Trouble, Troubles

BLOCK_BYTES = 64 * 1024
GOOGLES_TYPES = "application/vnd.google-apps."
FILE_DEFAULT = ("kind", "id", "name", "mimeType")


class DriveServer:
    def __init__(self) -> None:
        self.store, self.troubles, self.accounts = DriveStore(), Troubles(), Accounts()
        #: Each request's method and path, without what is secret in it.
        self.log: list[str] = []
        #: How long each block of a body takes: a line so slow that a kill hits the middle of a chunk.
        self.block_s = 0.0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/"
        self.token_url, self.consent_url = f"{self.url}token", f"{self.url}consent"
        self.revoke_url, self.device_url = f"{self.url}revoke", f"{self.url}device/code"

    def key_file(self, folder: Path) -> Path:
        path = folder / "service-account.json"
        path.write_text(json.dumps(self.accounts.key(self.token_url)))
        return path

    def count(self, begins: str) -> int:
        return sum(line.startswith(begins) for line in self.log)

    @contextlib.contextmanager
    def running(self) -> Iterator["DriveServer"]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()


class CutError(Exception):
    """The connection ends here."""


def _handler_for(drive: DriveServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_of = drive

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_of: DriveServer

    def log_message(self, *_args: object) -> None:
        """Log nothing; the server keeps its own log."""

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.left_bytes = int(self.headers.get("Content-Length") or 0)
        drive = self.server_of
        is_session = "upload_id" in self.query
        line = f"{self.command} {'/session' if is_session else parts.path}"
        line += "?alt=media" if self.query.get("alt") == "media" else ""
        drive.log.append(line)
        trouble = drive.troubles.of(line)
        try:
            if self._meet(trouble):
                return
            try:
                if parts.path == "/token":
                    status, headers, body = drive.accounts.token(dict(parse_qsl(self._rest().decode())))
                elif parts.path == "/device/code":
                    status, headers, body = drive.accounts.device(dict(parse_qsl(self._rest().decode())))
                elif parts.path == "/consent":
                    status, headers, body = drive_consent.page(drive.accounts, self.query)
                elif parts.path == "/revoke":
                    status, headers, body = drive.accounts.give_back(dict(parse_qsl(self._rest().decode())))
                elif is_session:
                    status, headers, body = self._session(trouble)
                else:
                    status, headers, body = self._method(parts.path)
            except DriveError as error:
                status, headers, body = self._refusal(error)
            self._rest()
            if trouble and trouble.kind == "lost":
                raise CutError
            self._answer(status, headers, body)
        except (CutError, ConnectionError, TimeoutError):
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(2)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

    # --- the three kinds of request -----------------------------------------------------------------------------------

    def _method(self, path: str) -> tuple[int, dict, object]:
        method = drive_rules.method_for(self.command, path)
        self.account = self.server_of.accounts.of(self.headers.get("Authorization", ""))
        drive_rules.check_query(method, self.query)
        meta = drive_rules.check_body(method, self._rest())
        if "id" in meta and method.name == "files.update":
            raise DriveError(403, "fieldNotWritable", "The id of a file cannot be changed.")
        all_drives = self.query.get("supportsAllDrives") == "true"
        if method.is_upload:
            return self._open_session(method, meta, all_drives)
        answer = getattr(self, f"_{method.name.replace('.', '_')}", None)
        if answer is None:
            raise DriveError(501, "notImplemented", f"This server does not know {method.name}.")
        said = answer(method.path_fields, meta, all_drives)
        if said is None:
            return 204, {}, None
        return self._ranged(said) if isinstance(said, bytes) else (200, {}, said)

    def _open_session(self, method: drive_rules.Method, meta: dict, all_drives: bool) -> tuple[int, dict, object]:
        if self.query.get("uploadType") != "resumable":
            raise DriveError(400, "badRequest", "This server takes resumable uploads only.")
        size_bytes = int(self.headers["X-Upload-Content-Length"])
        store = self.server_of.store
        replaces = method.path_fields.get("fileId", "")
        if replaces:
            store.get(replaces, all_drives=all_drives)
        else:
            store.check_new(meta, self.account, all_drives=all_drives, size_bytes=size_bytes)
        session = store.open_session(self.account, meta, size_bytes, replaces=replaces)
        query = f"uploadType=resumable&upload_id={session.key}"
        return 200, {"Location": f"{self.server_of.url}upload/drive/v3/files?{query}"}, None

    def _session(self, trouble: Trouble | None) -> tuple[int, dict, object]:
        session = self.server_of.store.sessions.get(self.query["upload_id"])
        if session is None or self.command != "PUT":
            raise DriveError(404, "notFound", "Upload session not found.")
        broken = self.server_of.store.broken_sessions
        if session.key in broken:
            if error := broken[session.key]:
                raise error
            return 308, {}, None
        said = re.fullmatch(r"bytes (?:\*|(\d+)-(\d+))/(\d+)", self.headers.get("Content-Range", ""))
        if not said or int(said[3]) != session.size_bytes:
            raise DriveError(400, "badRequest", "The range does not fit the upload.")
        with session.lock:
            if said[1] is not None and not session.result:
                self._take_chunk(session, int(said[1]), int(said[2]), trouble)
            if session.n_bytes < session.size_bytes:
                got = {"Range": f"bytes=0-{session.n_bytes - 1}"} if session.n_bytes else {}
                return 308, got, None
            item = self.server_of.store.finish(session)
        return 200, {}, {"kind": "drive#file", "id": item.id, "name": item.name, "mimeType": item.mime_type}

    def _take_chunk(self, session: Session, first: int, last: int, trouble: Trouble | None) -> None:
        n_bytes = last - first + 1
        if n_bytes != self.left_bytes or (n_bytes % (256 * 1024) and last + 1 != session.size_bytes):
            raise DriveError(400, "badRequest", "A chunk is a multiple of 256 KiB, unless it is the last.")
        if first > session.n_bytes:
            raise DriveError(400, "badRequest", "There is a hole before this chunk.")
        ends_at = int(n_bytes * trouble.amount) if trouble and trouble.kind == "cut" else None
        self.server_of.store.take(session, first, self._blocks(ends_at))
        if ends_at is not None:
            raise CutError

    # --- methods ------------------------------------------------------------------------------------------------------

    def _about_get(self, _path: dict, _meta: dict, _all: bool) -> dict:
        if "fields" not in self.query:
            raise DriveError(400, "required", "The 'fields' parameter is required for this method.")
        quota = {"usage": str(self.account.used_bytes), "usageInDrive": str(self.account.used_bytes)}
        if self.account.is_service:
            quota["limit"] = "0"
        elif self.account.limit_bytes is not None:
            quota["limit"] = str(self.account.limit_bytes)
        user = {"kind": "drive#user", "emailAddress": self.account.email, "displayName": self.account.email}
        return drive_rules.partial({"user": user, "storageQuota": quota}, self.query["fields"], "About", ())

    def _files_generateIds(self, _path: dict, _meta: dict, _all: bool) -> dict:  # noqa: N802
        ids = self.server_of.store.generate_ids(int(self.query.get("count", 10)))
        return {"kind": "drive#generatedIds", "space": self.query.get("space", "drive"), "ids": ids}

    def _files_get(self, path: dict, _meta: dict, all_drives: bool) -> object:
        item = self.server_of.store.get(path["fileId"], all_drives=all_drives)
        item.is_used = True
        if self.query.get("alt") == "media":
            return self._content(item)
        return self._shown(item)

    def _files_create(self, _path: dict, meta: dict, all_drives: bool) -> dict:
        store = self.server_of.store
        return self._shown(store.create(store.check_new(meta, self.account, all_drives=all_drives)))

    def _files_update(self, path: dict, meta: dict, all_drives: bool) -> dict:
        item = self.server_of.store.get(path["fileId"], all_drives=all_drives)
        where = {"add": self.query.get("addParents", ""), "remove": self.query.get("removeParents", "")}
        return self._shown(self.server_of.store.update(item, meta, **where, all_drives=all_drives))

    def _files_list(self, _path: dict, _meta: dict, all_drives: bool) -> dict:
        everywhere = all_drives and self.query.get("includeItemsFromAllDrives") == "true"
        where = {"drive_id": self.query.get("driveId", ""), "corpora": self.query.get("corpora", "user")}
        found = self.server_of.store.search(self.query.get("q", ""), all_drives=everywhere, **where)
        start, size = int(self.query.get("pageToken", 0)), int(self.query.get("pageSize", 100))
        answer = {"kind": "drive#fileList", "files": [self._whole(item) for item in found[start : start + size]]}
        if start + size < len(found):
            answer["nextPageToken"] = str(start + size)
        fields = self.query.get("fields") or "kind,nextPageToken,files(kind,id,name,mimeType)"
        return drive_rules.partial(answer, fields, "FileList", ())

    def _files_delete(self, path: dict, _meta: dict, all_drives: bool) -> None:
        item = self.server_of.store.get(path["fileId"], all_drives=all_drives)
        if item.drive_id and not self.server_of.accounts.is_manager:
            says = "The user does not have sufficient permissions for this file."
            raise DriveError(403, "insufficientFilePermissions", says)
        self.server_of.store.delete(item.id)

    def _drives_list(self, _path: dict, _meta: dict, _all: bool) -> dict:
        drives = [item for item in self.server_of.store.items.values() if item.drive_id == item.id]
        told = [{"kind": "drive#drive", "id": item.id, "name": item.name} for item in drives]
        return drive_rules.partial({"drives": told}, self.query.get("fields"), "DriveList", ("drives",))

    def _changes_getStartPageToken(self, _path: dict, _meta: dict, _all: bool) -> dict:  # noqa: N802
        log = self.query.get("driveId", "")
        token = f"{log or 'user'}~{len(self._log(log))}"
        return {"kind": "drive#startPageToken", "startPageToken": token}

    def _log(self, drive_id: str) -> list[str]:
        if drive_id and drive_id not in self.server_of.store.items:
            raise not_found(drive_id)
        return self.server_of.store.logs.setdefault(drive_id, [])

    def _changes_list(self, _path: dict, _meta: dict, all_drives: bool) -> dict:
        store, drive_id = self.server_of.store, self.query.get("driveId", "")
        of, _sign, at = self.query["pageToken"].rpartition("~")
        if of != (drive_id or "user"):
            raise DriveError(400, "invalid", "Invalid Value: pageToken")
        log, start = self._log(drive_id), int(at)
        end = start + int(self.query.get("pageSize", 100))
        there = {file_id: store.items.get(file_id) for file_id in log[start:end]}
        # What was deleted, or moved out of the drive whose log this is, is only said to be gone.
        gone = [each for each, item in there.items() if item is None or (drive_id and item.drive_id != drive_id)]
        told = [{"changeType": "file", "fileId": file_id, "removed": True} for file_id in gone]
        items = [item for file_id, item in there.items() if file_id not in gone]
        everywhere = all_drives and self.query.get("includeItemsFromAllDrives") == "true"
        items = [item for item in items if everywhere or not item.drive_id]
        changes = [{"changeType": "file", "fileId": i.id, "removed": False, "file": self._whole(i)} for i in items]
        token = "nextPageToken" if end < len(log) else "newStartPageToken"
        next_at = f"{of}~{min(end, len(log))}"
        answer = {"kind": "drive#changeList", "changes": told + changes, token: next_at}
        return drive_rules.partial(answer, self.query.get("fields"), "ChangeList", tuple(answer))

    # --- bytes in and out ---------------------------------------------------------------------------------------------

    def _shown(self, item: Item) -> dict:
        return drive_rules.partial(self._whole(item), self.query.get("fields"), "File", FILE_DEFAULT)

    def _whole(self, item: Item) -> dict:
        whole = {
            "kind": "drive#file", "id": item.id, "name": item.name, "mimeType": item.mime_type,
            "parents": item.parents, "trashed": self.server_of.store.is_trashed(item),
            "appProperties": item.app_properties, "capabilities": {"canAddChildren": not item.read_only},
        }  # fmt: skip
        if item.drive_id:
            whole["driveId"] = item.drive_id
        whole |= {"description": item.description, "modifiedTime": item.modified_at}
        if not item.mime_type.startswith(GOOGLES_TYPES):
            known = {"sha256Checksum": item.sha256, "md5Checksum": item.md5}  # neither until all has arrived
            whole |= {name: value for name, value in known.items() if value} | {"size": str(item.size_bytes)}
        return whole

    def _content(self, item: Item) -> bytes:
        if item.is_flagged:
            says = "This file has been identified as malware or spam and cannot be downloaded."
            raise DriveError(403, "cannotDownloadAbusiveFile", says)
        if item.content is None:
            raise DriveError(403, "fileNotDownloadable", "Only files with binary content can be downloaded.")
        return item.content

    def _ranged(self, content: bytes) -> tuple[int, dict, bytes]:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not asked:
            return 200, {}, content
        first, last = int(asked[1]), min(int(asked[2]), len(content) - 1)
        if first > last:
            raise DriveError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
        return 206, {"Content-Range": f"bytes {first}-{last}/{len(content)}"}, content[first : last + 1]

    def _meet(self, trouble: Trouble | None) -> bool:
        """Apply the trouble planned for a request; return whether it was the answer already."""
        if trouble is None:
            return False
        if trouble.kind == "slow":
            time.sleep(trouble.amount)
        elif trouble.kind == "refuse":
            self._rest()
            self._answer(*self._refusal(trouble.error))
            return True
        elif trouble.kind == "cut" and not ("upload_id" in self.query and self.left_bytes):
            raise CutError
        return False

    def _refusal(self, error: DriveError) -> tuple[int, dict, object]:
        again = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        return error.status, again, error.body()

    def _blocks(self, ends_at: int | None = None) -> Iterator[bytes]:
        left = self.left_bytes if ends_at is None else min(ends_at, self.left_bytes)
        while left:
            block = self.rfile.read1(min(BLOCK_BYTES, left))
            if not block:
                return  # the other side is gone: what came is kept, as Drive does
            time.sleep(self.server_of.block_s)
            left -= len(block)
            self.left_bytes -= len(block)
            yield block

    def _rest(self) -> bytes:
        data = b"".join(self._blocks())
        if self.left_bytes:
            raise CutError
        return data

    def _answer(self, status: int, headers: dict, body: object) -> None:
        is_raw = isinstance(body, bytes)
        data = body if is_raw else b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Type" not in headers:
            self.send_header("Content-Type", "video/mp4" if is_raw else "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", secrets.token_hex(4))
        self.end_headers()
        self.wfile.write(data)
