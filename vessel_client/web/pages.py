"""Serves the fisher's page: documents that nobody keeps, files under an address that names their version."""

import hashlib
import json
import posixpath
import re
import zlib
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

_WEB = Path(__file__).parent
_SERVED_FOLDERS = ("static", "vendor", "locales")

_CONTENT_TYPES: Mapping[str, str] = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".webmanifest": "application/manifest+json",
}
_DENSE_ALREADY = frozenset({".woff2", ".ogg", ".m4a"})

_DOCUMENTS: Mapping[str, str] = {
    "/": "static/index.html",
    "/technician": "static/index.html",
    "/weather": "static/weather.html",
    "/worker.js": "static/worker.js",
    "/page.webmanifest": "static/page.webmanifest",
}
"""The addresses that people and browsers know; they stay the same from version to version."""

_VERSION_MARK = b"PAGE-VERSION"
_FILES_MARK = b'"PAGE-FILES"'
"""What the documents have in place of the version and of the list of files to keep for offline."""

_FETCHED_WHEN_NEEDED = ("static/sounds/", "static/fonts/", "vendor/opus-")
"""Large, and wanted by some people only: kept offline once they were used."""

_MODULES_MARK = b"<!-- PAGE-MODULES -->"
_STARTS_WITH = "static/app.js"
_IMPORTED = re.compile(r'^(?:import|export)\b[^;]*?\bfrom "(\.[^"]+)";', re.MULTILINE)
"""What a module cannot run without; what it imports later, in the middle of a line, is another matter."""

_GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
_COMPRESSED_BYTES_MIN = 400
"""Below this the head of the answer outweighs what compressing saves."""

_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        # Argon2id and the Opus coder are WebAssembly.
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_FILE_HEADERS: Mapping[str, str] = {"X-Content-Type-Options": "nosniff"}
"""A policy for a style or a picture would do nothing, and cost a quarter of the first load in all."""

_RUNNING_HEADERS: Mapping[str, str] = {
    **_FILE_HEADERS,
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""For what runs by itself: documents and workers."""

_NEVER_KEPT = "no-store"
_KEPT_FOR_GOOD = "max-age=31536000, immutable"


class Pages:
    """Every file of the page, found once at the start, so that no request can name another file."""

    def __init__(self, web_folder: Path = _WEB) -> None:
        self._files = {
            path.relative_to(web_folder).as_posix(): path
            for folder in _SERVED_FOLDERS
            for path in sorted((web_folder / folder).rglob("*"))
            if path.suffix in _CONTENT_TYPES and path.parent.name != "source"
        }
        self.version = _version_of(self._files)
        self._dense: dict[Path, bytes] = {}
        self._documents: dict[Path, bytes] = {}

    def add_to(self, application: web.Application) -> None:
        """Add the routes of the page."""
        for address, name in _DOCUMENTS.items():
            application.router.add_get(address, self._document(self._files[name]), allow_head=False)
        application.router.add_get(
            "/page/{version}/{path:.+}", self._file, name="page-file", allow_head=False
        )

    def _document(self, path: Path) -> Handler:
        async def answer(request: web.Request) -> web.Response:
            data = self._filled_in(path)
            return _respond(
                request, data, self._dense_of(path, data), path.suffix, _NEVER_KEPT, _RUNNING_HEADERS
            )

        return answer

    def _filled_in(self, path: Path) -> bytes:
        """Return a document with its addresses, worked out once: they hold as long as the version."""
        if path not in self._documents:
            self._documents[path] = self._fill_in(path)
        return self._documents[path]

    def _fill_in(self, path: Path) -> bytes:
        data = path.read_bytes().replace(_VERSION_MARK, self.version.encode())
        files = [name for name in self._files if not name.startswith(_FETCHED_WHEN_NEEDED)]
        data = data.replace(_FILES_MARK, json.dumps(files)[1:-1].encode())
        return data.replace(_MODULES_MARK, self._preloads().encode())

    def _preloads(self) -> str:
        """Return links that tell a browser of all modules of the start page at once, not import by import."""
        return "".join(
            f'<link rel="modulepreload" href="/page/{self.version}/{name}">'
            for name in self._needed_by(_STARTS_WITH)
        )

    def _needed_by(self, name: str) -> list[str]:
        """Return the modules that one needs, without itself, each before what only it needs."""
        needed = [name]
        for each in needed:
            folder = posixpath.dirname(each)
            imported = _IMPORTED.findall(self._files[each].read_text("utf-8"))
            paths = [posixpath.normpath(posixpath.join(folder, path)) for path in imported]
            needed += [path for path in dict.fromkeys(paths) if path not in needed]
        return needed[1:]

    async def _file(self, request: web.Request) -> web.Response:
        path = self._files.get(request.match_info["path"])
        if path is None or request.match_info["version"] != self.version:
            raise web.HTTPNotFound(headers={"Cache-Control": _NEVER_KEPT})
        security = _RUNNING_HEADERS if path.stem.endswith("worker") else _FILE_HEADERS
        data = path.read_bytes()
        return _respond(request, data, self._dense_of(path, data), path.suffix, _KEPT_FOR_GOOD, security)

    def _dense_of(self, path: Path, data: bytes) -> bytes | None:
        """Return a file compressed, which a small box should do once and not for every phone."""
        if not _is_compressible(path.suffix, data):
            return None
        if path not in self._dense:
            self._dense[path] = _compressed(data)
        return self._dense[path]


def _version_of(files: Mapping[str, Path]) -> str:
    """Return a name for exactly these files, so that a changed file has another address."""
    digest = hashlib.sha256()
    for name, path in files.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _is_compressible(suffix: str, data: bytes) -> bool:
    return suffix not in _DENSE_ALREADY and len(data) >= _COMPRESSED_BYTES_MIN


def _compressed(data: bytes) -> bytes:
    coder = zlib.compressobj(zlib.Z_BEST_COMPRESSION, wbits=_GZIP_WINDOW_BITS)
    return coder.compress(data) + coder.flush()


def _respond(
    request: web.Request,
    data: bytes,
    dense: bytes | None,
    suffix: str,
    kept: str,
    security: Mapping[str, str],
) -> web.Response:
    # The name of our server software is of use to nobody on board.
    headers = {**security, "Cache-Control": kept, "Server": "box"}
    if dense is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        data = dense
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
    charset = None if suffix in _DENSE_ALREADY else "utf-8"
    return web.Response(body=data, headers=headers, content_type=_CONTENT_TYPES[suffix], charset=charset)
