"""The API's reference as one page without scripts: it works offline and under the strictest content policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = """body{font:15px/1.55 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
h2{margin-top:2.5rem;border-bottom:1px solid #8884}code,h3{font-family:ui-monospace,monospace}h3{font-size:1rem}
details{margin:.5rem 0 1rem 1rem}table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
.method{display:inline-block;min-width:4.5rem;font-weight:700}"""


def render(document: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    info = document["info"]
    schemas = document.get("components", {}).get("schemas", {})
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info.get('description', ''))}</p>",
        "<p>The same as a document for machines: <a href='/openapi.json'>/openapi.json</a></p>",
        *_endpoints(document["paths"]),
        "<h2>Schemas</h2>",
        *(part for name in sorted(schemas) for part in _schema(name, schemas[name])),
        "</body></html>",
    ]
    return "\n".join(parts)


def _endpoints(paths: Mapping[str, Any]) -> Iterator[str]:
    tag = ""
    for path, methods in paths.items():
        for method, operation in methods.items():
            heading = (operation.get("tags") or ["other"])[0]
            if heading != tag:
                tag = heading
                yield f"<h2>{escape(tag.capitalize())}</h2>"
            yield f"<h3><span class=method>{method.upper()}</span> {escape(path)}</h3>"
            yield f"<p>{escape(operation.get('description', ''))}</p>"
            yield from _parameters(operation.get("parameters", []))
            body = operation.get("requestBody", {}).get("content", {})
            if body:
                kinds = (f"{escape(kind)} {_type(item.get('schema', {}))}" for kind, item in body.items())
                yield f"<p>Body: {', '.join(kinds)}</p>"
            yield f"<p>Answers: {'; '.join(_answers(operation['responses']))}</p>"


def _parameters(parameters: list[Mapping[str, Any]]) -> Iterator[str]:
    if not parameters:
        return
    yield "<table><tr><th>Parameter<th>In<th>Type<th>Meaning</tr>"
    for item in parameters:
        needed = " (required)" if item.get("required") else ""
        yield (
            f"<tr><td><code>{escape(item['name'])}</code>{needed}<td>{escape(item['in'])}"
            f"<td>{_type(item.get('schema', {}))}<td>{escape(item.get('description', ''))}</tr>"
        )
    yield "</table>"


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    for status, answer in responses.items():
        types = [_type(item.get("schema", {})) for item in answer.get("content", {}).values()]
        yield f"<b>{escape(status)}</b> {escape(answer.get('description', ''))} {' or '.join(types)}"


def _schema(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h3 id='{escape(name)}'>{escape(name)}</h3><p>{escape(schema.get('description', ''))}</p><table>"
    required = set(schema.get("required", []))
    for field, item in schema.get("properties", {}).items():
        mark = "" if field in required else " (optional)"
        yield (
            f"<tr><td><code>{escape(field)}</code>{mark}<td>{_type(item)}<td>{escape(item.get('description', ''))}</tr>"
        )
    yield "</table>"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(_type(option) for option in schema[key])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    return escape(str(schema.get("format") or schema.get("type", "any")))
