"""The dashboard's files: hashed assets for ever, and one page for every address that the browser itself resolves."""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).parent / "static"

_RESERVED = ("/api", "/health", "/metrics", "/openapi.json")
_IMMUTABLE = "public, max-age=31536000, immutable"

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Anomaly Detection</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}
code{font-family:ui-monospace,monospace}</style></head>
<body>
<h1>The platform runs. Its dashboard was not built.</h1>
<p>Install Node.js 20 or later, run <code>make web</code> in the source folder, and load this page again.</p>
<p>Everything else works without it: the <a href="/api/docs">REST API</a>, the command line
(<code>anomaly-detection --help</code>) and the Python client.</p>
</body>
</html>
"""


class Dashboard:
    """Answers every address that no endpoint has.

    Parameters
    ----------
    folder : path
        Where the build lies; it may be missing.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a file, the page, or say that there is nothing."""
        if scope["type"] != "http":
            raise HTTPException(404)
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or any(path == r or path.startswith(f"{r}/") for r in _RESERVED):
            raise HTTPException(404)
        await self._answer(path)(scope, receive, send)

    def _answer(self, path: str) -> Response:
        page = self._folder / "index.html"
        if not page.is_file():
            return HTMLResponse(_NOT_BUILT, headers={"Cache-Control": "no-store"})
        file = self._find(path)
        if file is None or file == page:
            if path.startswith("/assets/"):
                raise HTTPException(404)
            # The page names the hashed files of its own build: an old copy would ask for files that are gone.
            return FileResponse(page, headers={"Cache-Control": "no-cache"})
        hashed = path.startswith("/assets/")
        return FileResponse(file, headers={"Cache-Control": _IMMUTABLE if hashed else "no-cache"})

    def _find(self, path: str) -> Path | None:
        try:
            file = (self._folder / path.lstrip("/")).resolve()
            return file if file.is_relative_to(self._folder) and file.is_file() else None
        except (OSError, ValueError):
            return None
