"""Writes the reference pages that are tables of what the code holds, into docs/reference/generated (not in git).

Run by `make docs`. The Python reference is not here: the site's mkdocstrings reads the docstrings itself.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import typer

import anomaly_detection
from anomaly_detection.configurations.settings import Settings
from anomaly_detection.detection.algorithm_table import DEFAULTS
from anomaly_detection.detection.catalogue import catalogue_line
from anomaly_detection.presentation.api.app import describe_app
from anomaly_detection.presentation.api.problems import status_of
from anomaly_detection.presentation.cli.application import app
from anomaly_detection.presentation.cli.teaching import PROGRAM
from anomaly_detection.shared.errors import PlatformError
from anomaly_detection.shared.lazy import resolve

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "anomaly_detection"
TARGET = ROOT / "docs" / "reference" / "generated"
CODE = re.compile(r"^[a-z]+\.[a-z][a-z0-9_]*$")
NO_REASON = {"id", "read", "write", "manage", "create", "db", "log", "json", "csv", "toml"}
"""What stands after the dot in strings that look like a code: columns, permissions, file names."""


def main() -> int:
    """Write every generated page; return the exit code."""
    pages: dict[str, Callable[[], Iterable[str]]] = {
        "algorithms/index.md": algorithms_page,
        **{f"algorithms/{info.name}.md": partial(algorithm_page, info) for info in anomaly_detection.list_algorithms()},
        "command-line.md": command_line_page,
        "errors.md": errors_page,
        "rest.md": rest_page,
        "settings.md": settings_page,
    }
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in (TARGET / "algorithms").glob("*.md"):
        old.unlink()
    (TARGET / "algorithms").mkdir(exist_ok=True)
    for name, lines in pages.items():
        text = "\n".join(lines()).rstrip() + "\n"
        (TARGET / name).write_text(text, "utf-8")
    print(f"Generated {len(pages)} pages in {TARGET.relative_to(ROOT)}")
    return 0


def table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


# Algorithms


def algorithms_page() -> Iterator[str]:
    yield from ["# Algorithms", ""]
    yield "Higher scores are more anomalous, for every algorithm. `create_detector(name, **parameters)` makes a detector."
    defaults = " and ".join(f"`{name}` for a {kind}" for kind, name in DEFAULTS.items())
    yield f"Where none is named, the command line and the server take {defaults}."
    yield ""
    infos = anomaly_detection.list_algorithms()
    for kind, title in (("table", "Tables"), ("series", "Series"), ("image", "Images"), ("text", "Texts")):
        rows = [
            [f"[`{info.name}`]({info.name}.md)", info.family, plain(info.summary)]
            for info in infos
            if kind in info.kinds
        ]
        if rows:
            yield from [f"## {title}", ""]
            yield from table(["name", "family", "what it does"], rows)


def algorithm_page(info: Any) -> Iterator[str]:
    yield from [f"# {info.name}", "", plain(info.summary), ""]
    facts = [
        f"family {info.family}, for {' and '.join(info.kinds)} data",
        "a row scores the same alone as among others" if info.independent_rows else "rows are judged in their context",
        f"fits from {info.min_rows} row{'s' if info.min_rows != 1 else ''} on",
    ]
    if info.causal:
        facts.append("a score does not change when more data comes")
    if info.online:
        facts.append("learns row by row")
    if info.extra:
        facts.append(f"needs `pip install 'anomaly-detection[{info.extra}]'`")
    yield from [f"- {fact}" for fact in facts]
    yield from ["", "```python", *first_lines(info), "```", ""]
    yield from ["```console", f"$ {PROGRAM} detect FILE --algorithm {info.name}", "```", ""]
    yield from ["## Parameters", ""]
    properties = info.parameters["properties"]
    if properties:
        rows = [[f"`{name}`", *parameter_cells(schema)] for name, schema in properties.items()]
        yield from table(["parameter", "default", "allowed", "what it is"], rows)
    else:
        yield from ["It has no parameters.", ""]
    target = catalogue_line(info.name).target.replace(":", ".")
    yield from ["## How it works", "", f"::: {target}"]
    shown = ("members", "show_root_heading", "show_root_toc_entry", "show_docstring_parameters")
    yield from ["    options:", *(f"      {option}: false" for option in shown), ""]
    if "References" not in (inspect.getdoc(resolve(catalogue_line(info.name).target)) or ""):
        yield from ["## Reference", "", plain(info.reference), ""]


def first_lines(info: Any) -> Iterator[str]:
    """Yield the lines of Python that a reader may copy; they run as they stand."""
    if "series" in info.kinds:
        yield from ["from anomaly_detection import create_detector, load_dataset", ""]
        yield f'result = create_detector("{info.name}").detect(load_dataset("nyc_taxi"))'
    else:
        yield from ["from anomaly_detection import create_detector", ""]
        yield 'rows = [{"speed": 40 + number % 7, "load": 3.0} for number in range(200)] + [{"speed": 95, "load": 0.1}]'
        yield f'result = create_detector("{info.name}").detect(rows)'
    yield "print(result, result.scores.argmax())"


def parameter_cells(schema: dict[str, Any]) -> list[str]:
    default = schema.get("default")
    kind = schema.get("type", "")
    names = [kind] if isinstance(kind, str) else list(kind)
    allowed = " or ".join(name for name in names if name != "null")
    if "enum" in schema:
        allowed = ", ".join(f"`{choice}`" for choice in schema["enum"] if choice is not None)
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        allowed += f", {low} to {high}"
    elif low is not None:
        allowed += f", {low} or more"
    elif high is not None:
        allowed += f", {high} or less"
    shown = "chosen from the data" if default is None else f"`{default}`"
    return [shown, allowed, plain(schema.get("description", ""))]


# Command line


def command_line_page() -> Iterator[str]:
    yield from ["# Command line", ""]
    yield from command_section(typer.main.get_command(app), PROGRAM, level=2)


def command_section(command: Any, path: str, level: int) -> Iterator[str]:
    context = command.make_context(path, [], resilient_parsing=True)
    usage = " ".join([path, *command.collect_usage_pieces(context)]).replace("{", "").replace("}", "")
    yield from [f"{'#' * level} {path}", "", prose(command.help or ""), "", "```text", usage, "```", ""]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name != "argument" and not getattr(p, "hidden", False)]
    if arguments:
        rows = [[f"`{p.metavar or p.name}`", prose(getattr(p, "help", "") or "")] for p in arguments]
        yield from table(["argument", "what it is"], rows)
    if options:
        rows = [[option_name(p, context), default_of(p), prose(p.help or "")] for p in options]
        yield from table(["option", "default", "what it is"], rows)
    if getattr(command, "epilog", None):
        title, _, lines = command.epilog.replace("\\[", "[").partition("\n")
        yield from [title, "", "```text", *(line.removeprefix("  ") for line in lines.splitlines()), "```", ""]
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        if not inner.hidden:
            yield from command_section(inner, f"{path} {name}", level + (level == 2))


def option_name(option: Any, context: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    kind = option.display_type(context).strip("<>").replace(" range", "")
    words = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "path": "PATH"}
    return f"{names} {option.metavar or words.get(kind, kind)}"


def default_of(option: Any) -> str:
    value = option.default
    is_plain = isinstance(value, (str, int, float, Path)) and not isinstance(value, bool) and value != ""
    return f"`{value}`" if is_plain else ""


# Errors


@dataclass(slots=True)
class ErrorCode:
    """What the source says about one code."""

    families: set[str] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def errors_page() -> Iterator[str]:
    codes = collect_codes()
    import_everything()
    families = {cls.__name__: cls for cls in every_subclass(PlatformError)}
    yield from ["# Errors", ""]
    yield "Every error carries a stable code, for programs, and a message that names what was seen and what is allowed. In Python"
    yield "the class can be caught by its family or by the builtin that it also is; the REST API answers with a problem document"
    yield "(RFC 9457) and the HTTP status."
    yield ""
    for room in sorted({code.partition(".")[0] for code in codes}):
        yield from [f"## {room}", ""]
        rows = []
        for code in sorted(name for name in codes if name.startswith(f"{room}.")):
            entry = codes[code]
            known = sorted(entry.families & families.keys())
            statuses = sorted({status_of(families[name]("", code=code)) for name in known})
            rows.append(
                [
                    f"`{code}`",
                    ", ".join(f"`{name}`" for name in known),
                    ", ".join(map(str, statuses)),
                    " ".join([*entry.messages[:1], *entry.hints[:1]]),
                ]
            )
        yield from table(["code", "class", "HTTP", "what it says"], rows)


def collect_codes() -> dict[str, ErrorCode]:
    """Return every code that the source raises, read from its syntax tree."""
    found: dict[str, ErrorCode] = {}
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
    constants = {name: value for tree in trees.values() for name, value in module_constants(tree)}
    for tree in trees.values():
        own = {**constants, **dict(module_constants(tree))}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                add_call(found, node, own)
    rooms = {code.partition(".")[0] for code in found}
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.match(node.value):
                room, _, reason = node.value.partition(".")
                if room in rooms and reason not in NO_REASON:
                    found.setdefault(node.value, ErrorCode())
    return found


def import_everything() -> None:
    """Load every module, so that every error class is known."""
    for module in pkgutil.walk_packages(anomaly_detection.__path__, "anomaly_detection."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def module_constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for target in node.targets:
                if isinstance(target, ast.Name) and CODE.match(node.value.value):
                    yield target.id, node.value.value


def add_call(found: dict[str, ErrorCode], node: ast.Call, constants: dict[str, str]) -> None:
    keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    code = text_of(keywords["code"], constants) if "code" in keywords else None
    if code is None or not CODE.match(code):
        return
    entry = found.setdefault(code, ErrorCode())
    entry.families.add(ast.unparse(node.func).rpartition(".")[2])
    message = text_of(node.args[0], {}) if node.args else None
    hint = text_of(keywords["hint"], {}) if "hint" in keywords else None
    entry.messages += [message] if message else []
    entry.hints += [hint] if hint else []


def text_of(node: ast.expr, constants: dict[str, str]) -> str | None:
    """Return the text of a string expression, with … for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return None


def every_subclass(cls: type[PlatformError]) -> set[type[PlatformError]]:
    return {cls} | {found for inner in cls.__subclasses__() for found in every_subclass(inner)}


# REST API


def rest_page() -> Iterator[str]:
    document = describe_app().openapi()
    yield from ["# REST API", ""]
    yield "The server describes itself at `/openapi.json`, and shows that description at `/api/docs`. Programs send"
    yield "`Authorization: Bearer <token>`, which `POST /api/v1/sessions` answers with; errors are problem documents with a"
    yield "[code](errors.md)."
    yield ""
    groups: dict[str, list[list[str]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            group = (operation.get("tags") or [path.strip("/").split("/")[0]])[0]
            statuses = ", ".join(sorted(operation["responses"]))
            summary = plain(operation.get("description") or operation.get("summary", "")).partition("\n")[0]
            groups.setdefault(group, []).append([f"`{method.upper()} {path}`", summary, statuses])
    for group, rows in groups.items():
        yield from [f"## {group}", ""]
        yield from table(["request", "what it does", "answers"], rows)


# Settings


def settings_page() -> Iterator[str]:
    yield from ["# Settings", ""]
    yield "Flags of the command line come before environment variables, these before `anomaly-detection.toml` in the data folder,"
    yield "and that before the default."
    yield ""
    rows = []
    for name, info in Settings.model_fields.items():
        default = "" if info.default_factory or info.default is None else f"`{info.default}`"
        rows.append([f"`{name}`", f"`ANOMALY_DETECTION_{name.upper()}`", default, info.description or ""])
    yield from table(["setting", "environment variable", "default", "what it is"], rows)


def prose(text: str) -> str:
    """Return help text as one Markdown paragraph per blank line."""
    return inspect.cleandoc(text).replace("\b", "").replace("[", "\\[") if text else ""


def plain(text: str) -> str:
    """Return docstring text with reStructuredText's double backticks as Markdown's."""
    return inspect.cleandoc(text).replace("``", "`")


if __name__ == "__main__":
    sys.exit(main())
