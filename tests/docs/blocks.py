"""The code blocks of a Markdown page, and how each kind is run.

A page is one story: its blocks run in order, in one folder, the Python ones in one namespace.

- ``python`` runs; a ``text`` block directly after it is what it prints.
- ``console`` holds lines ``$ command``; what follows up to the next one is what the command prints.
- ``csv title="name.csv"`` is a file of that name in the folder.
- ``json``, ``text``, ``toml``, ``ini`` and ``yaml`` are shown only. Any other language is an error, so that no code stays unrun.

In what is printed, ``...`` stands for anything and white space is not compared. An HTML comment directly above a block
changes how it runs: ``<!-- not run: REASON -->``, or ``<!-- background until: URL -->`` for a server that lives until
the end of the page.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FENCE = re.compile(
    r"(?:^<!-- (?P<directive>not run|background until): (?P<argument>[^\n]*?) -->\n\n?)?"
    r"^(?P<indent> *)```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="([^"]+)"')
SHOWN = {"json", "text", "toml", "ini", "yaml"}
DEFAULT_PORT = "8000"
CHECKER = doctest.OutputChecker()
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: where it stands, and what is in it."""

    language: str
    title: str | None
    body: str
    line: int
    directive: str | None
    argument: str
    follows_directly: bool


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    found = []
    end = 0
    for match in FENCE.finditer(text):
        indent = len(match["indent"])
        body = "".join(line[indent:] if line.strip() else line for line in match["body"].splitlines(keepends=True))
        title = TITLE.search(match["rest"])
        found.append(
            Block(
                language=match["language"],
                title=title[1] if title else None,
                body=body,
                line=text.count("\n", 0, match.start("body")),
                directive=match["directive"],
                argument=match["argument"] or "",
                follows_directly=end > 0 and not text[end : match.start()].strip(),
            )
        )
        end = match.end()
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Page:
    """One run of a page, in its own folder and with its own data folder and port."""

    path: Path
    folder: Path
    port: int = field(default_factory=free_port)
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self) -> int:
        """Run every block; return how many ran."""
        namespace: dict[str, Any] = {"__name__": "__main__"}
        printed: str | None = None
        count = 0
        try:
            for block in blocks_of(self.path):
                if block.language == "text" and block.follows_directly and printed is not None:
                    self.compare(block, block.body, printed)
                printed = None
                if block.directive == "not run":
                    assert len(block.argument) > 10, f"{self.where(block)}: say why it is not run"
                elif block.language == "python":
                    printed = self.run_python(block, namespace)
                elif block.language == "console":
                    self.run_console(block)
                elif block.language == "csv" and block.title:
                    (self.folder / block.title).write_text(block.body, "utf-8")
                else:
                    assert block.language in SHOWN, f"{self.where(block)}: no way to run {block.language!r}"
                    continue
                count += block.directive != "not run"
        finally:
            self.stop_servers()
        return count

    def where(self, block: Block) -> str:
        return f"{self.path.name}:{block.line}"

    def compare(self, block: Block, expected: str, seen: str) -> None:
        if not CHECKER.check_output(expected, seen, OPTIONS):
            raise AssertionError(f"{self.where(block)}: the page shows\n{expected}\nbut this came out\n{seen}")

    def run_python(self, block: Block, namespace: dict[str, Any]) -> str:
        code = compile("\n" * block.line + self.localised(block.body), str(self.path), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.chdir(self.folder):
            exec(code, namespace)
        return out.getvalue()

    def localised(self, text: str) -> str:
        return text.replace(f"127.0.0.1:{DEFAULT_PORT}", f"127.0.0.1:{self.port}")

    def environment(self) -> dict[str, str]:
        own = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ANOMALY_DETECTION_PORT": str(self.port),
            "ANOMALY_DETECTION_DATA_DIR": str(self.folder / ".platform"),
            "COLUMNS": "120",
            "NO_COLOR": "1",
        }
        return {**os.environ, **own}

    def run_console(self, block: Block) -> None:
        commands = re.split(r"^\$ ", self.localised(block.body), flags=re.MULTILINE)
        assert commands[0] == "", f"{self.where(block)}: a console block begins with '$ '"
        for entry in commands[1:]:
            command, expected = split_command(entry)
            if block.directive == "background until":
                self.start_server(block, command)
                continue
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=self.folder,
                env=self.environment(),
                capture_output=True,
                text=True,
                timeout=240,
            )
            assert done.returncode == 0, f"{self.where(block)}: {command}\n{done.stdout}{done.stderr}"
            if expected.strip():
                self.compare(block, expected, done.stdout)

    def start_server(self, block: Block, command: str) -> None:
        log = self.folder / "server.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self.servers.append(server)
        address = self.localised(block.argument)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and server.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=2):
                return
            time.sleep(0.1)
        raise AssertionError(f"{self.where(block)}: {command} did not answer at {address}\n{log.read_text('utf-8')}")

    def stop_servers(self) -> None:
        for server in self.servers:
            server.send_signal(signal.SIGINT)
        for server in self.servers:
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
                raise AssertionError(f"{self.path.name}: a server did not end within 30 s of Ctrl-C") from None


def split_command(entry: str) -> tuple[str, str]:
    """Split the command, with the lines it goes on over, from what it prints."""
    lines = entry.splitlines(keepends=True)
    last = next(number for number, line in enumerate(lines) if not line.rstrip("\n").endswith("\\"))
    return "".join(lines[: last + 1]).strip(), "".join(lines[last + 1 :])
