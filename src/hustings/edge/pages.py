"""The built pages, held in memory: types, caching, compression and the headers that fence them in.

Reads the folder once, when made; never a path from a request, so that no request can leave the folder.
"""

import base64
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hustings.edge import answers
from hustings.edge.answers import Scope, Send

APP, LISTEN = "app.html", "listen.html"
COMPRESS_FROM = 1024  # bytes: below it gzip gains nothing
_TEXTUAL = (".html", ".js", ".mjs", ".css", ".svg", ".json", ".webmanifest", ".txt", ".xml", ".ico")
_INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
_MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Hustings</title>
<h1>The pages are not built yet</h1><p>Run <code>make setup</code> in the repository, then start the server again.</p>
"""
_AN_HOUR = (b"cache-control", b"public, max-age=3600")
_ROBOTS = b"User-agent: *\nDisallow: /api/\nDisallow: /join/\nDisallow: /setup\n"  # secrets are no search results
_ICON = re.compile(rb'<link rel="icon"[^>]* href="([^"]+)"')
_FENCE = (
    answers.NOSNIFF,
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_ACCOUNT = re.compile(r"/@[^/]+")
_JOIN = re.compile(r"/join/[^/]+")
_SPACE = re.compile(r"/spaces/[0-9A-Za-z_-]{1,64}(/stage)?")
_APP_PATHS = frozenset(("/", "/setup", "/sign-in", "/me", "/new", "/status"))


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    packed: tuple[tuple[str, bytes], ...]  # (encoding, body), best first


class Site:
    """One folder of built pages. Without one, a page says how to build them."""

    def __init__(self, folder: Path | None) -> None:
        found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder is not None else []
        self._files = {
            "/" + path.relative_to(folder).as_posix(): _read(path, folder)
            for path in found
            if folder is not None and path.suffix not in (".br", ".gz")
        }
        self.built = f"/{APP}" in self._files
        self._files.setdefault("/robots.txt", _file(_ROBOTS, "text/plain; charset=utf-8", ()))
        if icon := self._icon():
            self._files.setdefault("/favicon.ico", icon)
        self._missing = _page(_MISSING.encode(), ())

    async def serve(self, scope: Scope, send: Send, *, there: bool = True) -> None:
        """The page or file at a path; every path that is neither gets the page that says so, with 404.

        So does, with 404, the page of something that is not `there`: it says so itself.
        """
        answers.require(scope, "GET", "HEAD")
        path = scope["path"]
        status = 200
        file = self._files.get(path)
        if file is None or path.endswith(".html"):
            name = _page_for(path)
            status = 200 if name is not None and there else 404
            file = self._files.get(f"/{name or APP}") or self._files.get(f"/{APP}") or self._missing
            status = status if self.built else 503
        await _send(file, status, scope, send)

    def _icon(self) -> _File | None:
        """The pages' own icon, for those who ask for it at the address of old."""
        named = _ICON.search(self._files[f"/{APP}"].body) if self.built else None
        icon = self._files.get(named[1].decode()) if named else None
        return icon and _file(icon.body, "image/svg+xml", icon.packed)


def _page_for(path: str) -> str | None:
    if match := _SPACE.fullmatch(path):
        return APP if match[1] else LISTEN
    if path in _APP_PATHS or _ACCOUNT.fullmatch(path) or _JOIN.fullmatch(path):
        return APP
    return None


async def _send(file: _File, status: int, scope: Scope, send: Send) -> None:
    headers = [*file.headers, (b"etag", file.etag)]
    if status == 200 and answers.header(scope, b"if-none-match") == file.etag.decode():
        await answers.answer(send, scope, 304, headers)
        return
    accepted = answers.header(scope, b"accept-encoding")
    body = file.body
    for encoding, packed in file.packed:
        if encoding in accepted:
            body = packed
            headers.append((b"content-encoding", encoding.encode()))
            break
    await answers.answer(send, scope, status, headers, body)


def _read(path: Path, folder: Path) -> _File:
    body = path.read_bytes()
    if path.suffix == ".html":
        return _page(body, _packed(path, body))
    hashed = path.is_relative_to(folder / "assets")
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix in (".js", ".mjs"):
        kind = "text/javascript"
    return _file(body, kind, _packed(path, body), answers.FOR_EVER if hashed else _AN_HOUR)


def _file(
    body: bytes, kind: str, packed: tuple[tuple[str, bytes], ...], kept: tuple[bytes, bytes] = _AN_HOUR
) -> _File:
    headers = ((b"content-type", kind.encode()), kept, answers.NOSNIFF, (b"vary", b"accept-encoding"))
    return _File(body, _etag(body), headers, packed)


def _page(body: bytes, packed: tuple[tuple[str, bytes], ...]) -> _File:
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"public, max-age=10"),
        (b"vary", b"accept-encoding"),
        (b"content-security-policy", _policy(_INLINE.findall(body))),
        *_FENCE,
    )
    return _File(body, _etag(body), headers, packed)


def _policy(inline: Sequence[bytes]) -> bytes:
    """Our own scripts only; inline ones of the page by their hash; sound from blobs and from here."""
    hashes = "".join(f" 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in inline)
    return (
        f"default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ).encode()


def _packed(path: Path, body: bytes) -> tuple[tuple[str, bytes], ...]:
    packed: list[tuple[str, bytes]] = []
    if (brotli := path.with_name(path.name + ".br")).exists():
        packed.append(("br", brotli.read_bytes()))
    if (zipped := path.with_name(path.name + ".gz")).exists():
        packed.append(("gzip", zipped.read_bytes()))
    elif path.suffix in _TEXTUAL and len(body) >= COMPRESS_FROM:
        packed.append(("gzip", gzip.compress(body, mtime=0)))
    return tuple(packed)


def _etag(body: bytes) -> bytes:
    return b'"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
