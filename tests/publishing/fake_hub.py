"""A fake of the Hub, for datasets: commits, tags, large files, ranges, pages. And it can misbehave.

It speaks what huggingface_hub 2.4 and datasets 5.2 ask of the real one. Like that one it wants a token for writing and
for looking at private repositories, checks a commit's parent, stores large files by their hash apart from commits, and
refuses a commit that names large files which it does not have.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_" + "fakeTokenOfTheTests" + "abcdefghijklmno"
PAGE = 7
ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"


@dataclass
class Fault:
    """What goes wrong with requests that match, after `skip` good ones, `times` times.

    `drop`: the connection breaks before anything is done. `lose`: it is done, and the answer is lost. `busy`: 503.
    `limit`: 429 with Retry-After. `truncate`: half of a body arrives and the sender is told that all is well.
    `refuse`: half of it arrives, and it is refused with 400. `spoil`: it is stored with a wrong byte, and the Hub
    believes that it has it.
    """

    kind: str
    method: str
    path: str
    times: int = 1
    skip: int = 0


@dataclass
class Commit:
    oid: str
    title: str
    author: str
    files: dict[str, bytes | str]
    """What each file holds; a large one's hash."""


@dataclass
class Repo:
    private: bool
    commits: list[Commit] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def at(self, revision: str) -> Commit | None:
        revision = self.tags.get(revision, revision)
        if revision in ("main", "refs/heads/main"):
            return self.commits[-1]
        return next((one for one in self.commits if one.oid == revision), None)


class FakeHub:
    """One Hub on a port of its own, in a thread. `puts` counts by hash what was uploaded whole."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.puts: Counter[str] = Counter()
        self.asked: list[tuple[str, str]] = []
        self.faults: list[Fault] = []
        self.before: Callable[[str, str], None] = lambda method, path: None
        self.after: Callable[[str, str], None] = lambda method, path: None
        self.lock = threading.RLock()
        handler = type("Bound", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def make(self, name: str, private: bool = True) -> Repo:
        self.repos[name] = Repo(private)
        self.commit(name, {".gitattributes": ATTRIBUTES}, title="initial commit")
        return self.repos[name]

    def commit(
        self,
        name: str,
        changed: dict[str, bytes | str],
        deleted: tuple[str, ...] = (),
        title: str = "by hand",
        author: str = "somebody",
    ) -> str:
        """Commit as somebody else would, in the browser."""
        with self.lock:
            repo = self.repos[name]
            files = dict(repo.commits[-1].files) if repo.commits else {}
            for path in deleted:
                del files[path]
            files |= changed
            seed = repr((name, len(repo.commits), title, sorted(files))).encode()
            repo.commits.append(Commit(hashlib.sha1(seed).hexdigest(), title, author, files))
            return repo.commits[-1].oid

    def contents(self, name: str, revision: str = "main") -> dict[str, bytes]:
        """Every file of a commit with what it holds."""
        found = self.repos[name].at(revision)
        assert found is not None
        return {path: self.read(held) for path, held in found.files.items()}

    def read(self, held: bytes | str) -> bytes:
        return self.objects.get(held, b"") if isinstance(held, str) else held

    def fault(self, method: str, path: str) -> str | None:
        """What goes wrong with this request, if anything."""
        with self.lock:
            for one in self.faults:
                if one.times and one.method == method and re.search(one.path, path):
                    if one.skip:
                        one.skip -= 1
                        continue
                    one.times -= 1
                    return one.kind
        return None


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two make every answer wait for 40 ms

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_GET

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.place, self.query = unquote(parts.path), parse_qs(parts.query)
        self.hub.asked.append((self.command, self.place))
        with suppress(BrokenPipeError, ConnectionResetError):
            body = self._body()
            self.hub.before(self.command, self.place)
            kind = self.hub.fault(self.command, self.place)
            self.lost = kind == "lose"
            match kind:
                case "drop":
                    self.close_connection = True
                case "busy":
                    self._say(503, {"error": "busy"})
                case "limit":
                    self._say(429, {"error": "slow down"}, {"Retry-After": "1"})
                case _:
                    self._answer(body, kind)
            self.wfile.flush()
            self.hub.after(self.command, self.place)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _say(self, status: int, content: object = None, headers: dict[str, str] | None = None) -> None:
        if getattr(self, "lost", False):
            self.close_connection = True
            return
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _no(self, status: int, code: str) -> None:
        self._say(status, {"error": code}, {"X-Error-Code": code, "X-Error-Message": code})

    # --- what is asked -------------------------------------------------------------------------------------------

    def _answer(self, body: bytes, kind: str | None) -> None:
        if self.place.startswith("/lfs/"):
            return self._large_file(body, kind)
        given = self.headers.get("Authorization")
        if given not in (None, f"Bearer {TOKEN}"):
            return self._say(401, {"error": "Invalid credentials"}, {"X-Error-Message": "Invalid credentials"})
        self.known = given is not None
        if self.command == "POST" and not self.known and "paths-info" not in self.place:
            return self._no(401, "Unauthorized")
        with self.hub.lock:
            if self.place == "/api/repos/create":
                return self._create(json.loads(body))
            if self.place == "/api/validate-yaml":
                return self._say(200, {"warnings": [], "errors": []})
            if match := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.place):
                return self._resolve(*match.groups())
            if match := re.fullmatch(r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", self.place):
                return self._batch(json.loads(body))
            if match := re.fullmatch(r"/api/datasets/([^/]+/[^/]+?)(?:/([a-z-]+)(?:/(.*))?)?", self.place):
                return self._api(match[1], match[2] or "info", match[3] or "", body)
        return self._no(404, "NotFound")

    def _create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        if name in self.hub.repos:
            url = f"{self.hub.url}/datasets/{name}"
            return self._say(409, {"error": "You already created this dataset repo", "url": url})
        self.hub.make(name, private=asked.get("visibility") == "private")
        return self._say(200, {"url": f"{self.hub.url}/datasets/{name}"})

    def _api(self, name: str, what: str, rest: str, body: bytes) -> None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and not self.known):
            return self._no(404 if self.known else 401, "RepoNotFound")
        if what == "refs":
            tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": oid} for tag, oid in repo.tags.items()]
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.commits[-1].oid}
            return self._say(200, {"branches": [main], "converts": [], "tags": tags})
        revision, _, path = (rest or "main").partition("/")
        commit = repo.at(revision)
        if commit is None:
            return self._no(404, "RevisionNotFound")
        match what:
            case "info" | "revision":
                siblings = [{"rfilename": path} for path in commit.files]
                told = {"id": name, "sha": commit.oid, "private": repo.private, "siblings": siblings, "tags": []}
                return self._say(200, told | {"lastModified": "2026-01-01T00:00:00.000Z", "disabled": False})
            case "tree":
                return self._tree(commit, path)
            case "paths-info":
                wanted = json.loads(body)["paths"] if body[:1] == b"{" else parse_qs(body.decode())["paths"]
                return self._say(200, [entry for entry in self._entries(commit) if entry["path"] in wanted])
            case "commits":
                return self._say(200, [
                    {"id": one.oid, "title": one.title, "message": "", "authors": [{"user": one.author}],
                     "date": "2026-01-01T00:00:00.000Z"}
                    for one in reversed(repo.commits)
                ])  # fmt: skip
            case "preupload":
                return self._say(200, {"files": [self._mode(commit, file) for file in json.loads(body)["files"]]})
            case "commit":
                return self._commit(name, repo, body)
            case "tag":
                tag = json.loads(body)["tag"]
                if tag in repo.tags:
                    return self._say(409, {"error": "Tag reference exists already"})
                repo.tags[tag] = commit.oid
                return self._say(200, {})
        return self._no(404, "NotFound")

    def _mode(self, commit: Commit, file: dict[str, Any]) -> dict[str, Any]:
        path = file["path"]
        mode = "lfs" if path.endswith(".parquet") else "regular"
        told = {"path": path, "uploadMode": mode, "shouldIgnore": False}
        held = commit.files.get(path)
        return told | ({"oid": held if isinstance(held, str) else _git(held)} if held is not None else {})

    def _tree(self, commit: Commit, under: str) -> None:
        recursive = self.query.get("recursive", ["false"])[0].lower() == "true"
        entries = self._entries(commit)
        folders = {str(one["path"]).rpartition("/")[0] for one in entries} - {""}
        entries += [{"type": "directory", "path": name, "size": 0, "oid": _git(name.encode())} for name in folders]
        if under:
            entries = [one for one in entries if str(one["path"]).startswith(f"{under}/")]
            if not entries:
                return self._no(404, "EntryNotFound")
        if not recursive:
            depth = under.count("/") + 1 if under else 0
            entries = [one for one in entries if str(one["path"]).count("/") == depth]
        entries.sort(key=lambda one: str(one["path"]))
        start = int(self.query.get("cursor", ["0"])[0])
        headers = {}
        if start + PAGE < len(entries):
            more = f"{self.hub.url}{urlsplit(self.path).path}?recursive={recursive}&cursor={start + PAGE}"
            headers["Link"] = f'<{more}>; rel="next"'
        return self._say(200, entries[start : start + PAGE], headers)

    def _entries(self, commit: Commit) -> list[dict[str, Any]]:
        return [self._entry(path, held) for path, held in commit.files.items()]

    def _entry(self, path: str, held: bytes | str) -> dict[str, Any]:
        if isinstance(held, bytes):
            return {"type": "file", "path": path, "size": len(held), "oid": _git(held)}
        size = self.hub.sizes[held]
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{held}\nsize {size}\n".encode()
        large = {"oid": held, "size": size, "pointerSize": len(pointer)}
        return {"type": "file", "path": path, "size": size, "oid": _git(pointer), "lfs": large}

    def _batch(self, asked: dict[str, Any]) -> None:
        objects = []
        for one in asked["objects"]:
            oid, size = one["oid"], one["size"]
            there = self.hub.sizes.get(oid) == size and len(self.hub.objects.get(oid, b"")) == size
            upload = {"href": f"{self.hub.url}/lfs/{oid}?size={size}&signature=verySecret"}
            objects.append({"oid": oid, "size": size} | ({} if there else {"actions": {"upload": upload}}))
        return self._say(200, {"transfer": "basic", "objects": objects})

    def _large_file(self, body: bytes, kind: str | None) -> None:
        oid = self.place.removeprefix("/lfs/")
        with self.hub.lock:
            if self.command != "PUT":
                return self._file(self.hub.objects[oid], {})
            if kind == "refuse":
                return self._say(400, {"error": "IncompleteBody"})
            if kind == "truncate":
                body = body[: len(body) // 2]
            elif kind == "spoil":
                body = body[:-1] + bytes([body[-1] ^ 1])
            elif hashlib.sha256(body).hexdigest() != oid:
                return self._say(400, {"error": "BadDigest"})
            else:
                self.hub.puts[oid] += 1
            self.hub.objects[oid], self.hub.sizes[oid] = body, int(self.query["size"][0])
        return self._say(200, b"")

    def _commit(self, name: str, repo: Repo, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in (None, repo.commits[-1].oid):
            return self._say(412, {"error": "A commit has happened since. Please refresh and try again."})
        changed: dict[str, bytes | str] = {}
        deleted = []
        for line in lines[1:]:
            value = line["value"]
            match line["key"]:
                case "file":
                    changed[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    if value["oid"] not in self.hub.objects:
                        return self._say(400, {"error": f"large file {value['oid']} was never uploaded"})
                    changed[value["path"]] = value["oid"]
                case "deletedFile":
                    if value["path"] not in repo.commits[-1].files:
                        return self._no(404, "EntryNotFound")
                    deleted.append(value["path"])
        oid = self.hub.commit(name, changed, tuple(deleted), header["summary"], "publisher")
        return self._say(200, {"commitUrl": f"{self.hub.url}/datasets/{name}/commit/{oid}", "commitOid": oid})

    def _resolve(self, name: str, revision: str, path: str) -> None:
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and not self.known):
            return self._no(404 if self.known else 401, "RepoNotFound")
        commit = repo.at(revision)
        if commit is None:
            return self._no(404, "RevisionNotFound")
        if path not in commit.files:
            return self._no(404, "EntryNotFound")
        held = commit.files[path]
        headers = {"X-Repo-Commit": commit.oid, "Accept-Ranges": "bytes"}
        if isinstance(held, str):
            headers |= {"X-Linked-Size": str(self.hub.sizes[held]), "X-Linked-Etag": f'"{held}"', "ETag": f'"{held}"'}
        else:
            headers["ETag"] = f'"{_git(held)}"'
        return self._file(self.hub.read(held), headers)

    def _file(self, content: bytes, headers: dict[str, str]) -> None:
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range") or "")
        if wanted is None:
            headers["Content-Length"] = str(len(content))
            return self._say(200, content, headers)
        first = int(wanted[1]) if wanted[1] else max(len(content) - int(wanted[2]), 0)
        last = min(int(wanted[2]), len(content) - 1) if wanted[1] and wanted[2] else len(content) - 1
        if first >= len(content):
            return self._say(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"})
        part = content[first : last + 1]
        headers |= {"Content-Range": f"bytes {first}-{last}/{len(content)}", "Content-Length": str(len(part))}
        return self._say(206, part, headers)


def _git(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
