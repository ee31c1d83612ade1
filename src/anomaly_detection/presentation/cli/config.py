"""``anomaly-detection config``: which settings hold, where they come from, and whether a file of them is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.teaching import examples, help_of

if TYPE_CHECKING:
    from anomaly_detection.configurations.settings import Settings

app = typer.Typer(
    help="Show, check and begin the settings.",
    no_args_is_help=True,
    epilog=examples("config show", "config init", "config check anomaly-detection.toml"),
)

_MASK = "**********"
_EXAMPLES = {
    "algorithms": '["knn", "stl"]',
    "database_url": '"postgresql://user:password@host/name"',
    "trusted_proxies": '["10.0.0.5"]',
}
"""Values for settings that have no default."""
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings; anomaly-detection.toml in the data folder by default."),
]
DataDir = Annotated[Path | None, typer.Option(metavar="FOLDER", help="The data folder to look in.")]


def show(config: ConfigFile = None, data_dir: DataDir = None, as_json: options.AsJson = False) -> None:
    """Show every setting, its value and where that comes from; secrets are masked.

    A flag comes before an environment variable, that before the settings file, and that before the default.
    """
    from anomaly_detection.configurations.settings import Origins, Settings, settings_from, unknown_variables

    origins = Origins.gather(config, {"data_dir": data_dir})
    settings = settings_from(origins)
    rows = [
        {
            "name": name,
            "value": shown(settings, name),
            "origin": origins.of(name),
            "description": field.description or "",
        }
        for name, field in Settings.model_fields.items()
    ]
    strangers = unknown_variables()
    if as_json:
        typer.echo(json.dumps({"file": _text(origins.path), "settings": rows, "unknown": strangers}, indent=2))
    else:
        _show(rows)
    for name, hint in strangers.items():
        typer.echo(f"Note: {name} is no setting and is ignored. {hint}", err=True)


def path(data_dir: DataDir = None, as_json: options.AsJson = False) -> None:
    """Print where the settings file is looked for, and whether it is there."""
    from anomaly_detection.configurations.settings import FILE_NAME, data_folder

    file = data_folder(data_dir) / FILE_NAME
    if as_json:
        typer.echo(json.dumps({"file": str(file), "exists": file.is_file()}))
        return
    typer.echo(str(file))
    if not file.is_file():
        typer.echo("It does not exist: the defaults hold. Begin one with: anomaly-detection config init", err=True)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A settings file.")], as_json: options.AsJson = False
) -> None:
    """Check a settings file as a start of the server would, without starting anything: 0 it is right, 2 it is not."""
    from anomaly_detection.configurations.platform import check_algorithms
    from anomaly_detection.configurations.settings import check_file

    settings, names = check_file(file)
    check_algorithms(settings)
    if as_json:
        typer.echo(json.dumps({"file": str(file), "settings": list(names)}))
    else:
        count = len(names)
        typer.echo(f"{file} is right: {count} {'setting' if count == 1 else 'settings'}.")


def init(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to; by default the settings file in the data folder. - prints it."),
    ] = None,
    data_dir: DataDir = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Write a settings file in which every setting stands with its meaning and its default, as a comment."""
    from anomaly_detection.configurations.settings import FILE_NAME, data_folder
    from anomaly_detection.presentation.cli.output import check_target
    from anomaly_detection.shared.whole_file import whole_file

    content = template()
    if str(file) == "-":
        typer.echo(content, nl=False)
        return
    target = file or data_folder(data_dir) / FILE_NAME
    if file is None:
        _make_folder(target.parent)
    check_target(target, force=force)
    with whole_file(target, force=force) as opened:
        opened.write(content.encode())
    typer.echo(json.dumps({"file": str(target)}) if as_json else str(target))


for _command in (show, path, check, init):
    app.command(_command.__name__, help=help_of(_command))(_command)


def template() -> str:
    """Return a settings file in which every line is a comment."""
    from anomaly_detection.configurations.settings import Settings, variable_of

    lines = ["# Settings of the Anomaly Detection Platform. Take the # from a line to change that setting.", ""]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        value = "..." if default is None else default
        lines += [f"# {field.description}", f"# Also: {variable_of(name)}", f"# {name} = {_toml(name, value)}", ""]
    return "\n".join(lines)


def _toml(name: str, value: Any) -> str:
    if value == "...":
        return _EXAMPLES[name]
    return json.dumps(value if isinstance(value, bool | int | float) else str(value))


def shown(settings: Settings, name: str) -> Any:
    """Return a setting's value as it may be shown: paths as text, secrets masked but for the kind of database."""
    value = getattr(settings, name)
    if hasattr(value, "get_secret_value"):
        scheme, there, _ = value.get_secret_value().partition("://")
        return f"{scheme}://{_MASK}" if there else _MASK
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _make_folder(folder: Path) -> None:
    from anomaly_detection.shared.errors import Unavailable

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The data folder {folder} cannot be made: {error.strerror}.",
            code="platform.data_dir_not_writable",
            hint="Name another one by --data-dir or ANOMALY_DETECTION_DATA_DIR.",
        ) from error


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _show(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from anomaly_detection.presentation.cli.report import console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("setting", "value", "from"):
        table.add_column(head, overflow="fold", no_wrap=head == "setting")
    for row in rows:
        value = row["value"]
        text = "" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
        style = "dim" if row["origin"] == "default" else ""
        table.add_row(row["name"], Text(text, style=style), Text(row["origin"], style=style))
    console().print(table)
