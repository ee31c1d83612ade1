"""``anomaly-detection users``: accounts from the command line, also where nobody can sign in any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from anomaly_detection.presentation.cli import options
from anomaly_detection.presentation.cli.installation import (
    ConfigFile,
    DatabaseUrl,
    DataDir,
    installation,
    link_facts,
    operator,
    say_link,
    tenant_of,
)
from anomaly_detection.presentation.cli.teaching import examples, help_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anomaly_detection.configurations.basic.composition import Platform
    from anomaly_detection.enterprise.auth.users import Account
    from anomaly_detection.infrastructure.persistence.tenants import Tenant

app = typer.Typer(
    help="Add, list, reset, disable and enable users. A running server needs no restart.",
    no_args_is_help=True,
    epilog=examples(
        "users create ada --role analyst",
        "users create ben --role admin --tenant acme",
        "users reset ada",
        "users list",
    ),
)

Username = Annotated[str, typer.Argument(metavar="USERNAME")]
_PAGE = 200


def create(
    username: Annotated[
        str, typer.Argument(metavar="USERNAME", help="1 to 64 letters, digits or . _ @ + -; unique over all tenants.")
    ],
    role: Annotated[str, typer.Option(metavar="ROLE", help="viewer, analyst or admin.")] = "viewer",
    tenant: Annotated[str, typer.Option(metavar="NAME", help="The tenant that they belong to.")] = "default",
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Add a user, and print the one-time link with which they choose a password."""
    with installation(config, data_dir, database_url) as platform:
        account, link = platform.operations.create_user(operator(tenant_of(platform, tenant)), username, role)
        facts = link_facts(platform.settings, account.username, link.one_time_token, link.expires_at)
    if as_json:
        typer.echo(json.dumps({"user": _facts(account, tenant), **facts}, indent=2))
        return
    typer.echo(f"Added {account.username} as {role} of the tenant {tenant!r}.")
    say_link(facts)


def list_users(
    tenant: Annotated[str | None, typer.Option(metavar="NAME", help="Of this tenant only.")] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """List the users of all tenants, or of one."""
    with installation(config, data_dir, database_url) as platform:
        chosen = platform.accounts.tenants() if tenant is None else [tenant_of(platform, tenant)]
        found = [_facts(account, one.name) for one in chosen for account in _accounts(platform, one)]
    if as_json:
        typer.echo(json.dumps({"users": found}, indent=2))
    else:
        _show(found)


def reset(
    username: Username,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Print a one-time link with which a user chooses a new password. The present one works until then."""
    with installation(config, data_dir, database_url) as platform:
        user = platform.accounts.find(username)
        link = platform.operations.make_one_time_link(operator(user.tenant), user.id)
        facts = link_facts(platform.settings, user.username, link.one_time_token, link.expires_at)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
    else:
        say_link(facts)


def disable(
    username: Username,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Lock a user out: sessions and API keys end, in a running server within seconds."""
    _switch(username, config, data_dir, database_url, disabled=True, as_json=as_json)


def enable(
    username: Username,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Let a user sign in again; API keys that ended stay ended."""
    _switch(username, config, data_dir, database_url, disabled=False, as_json=as_json)


for _name, _command in (
    ("create", create),
    ("list", list_users),
    ("reset", reset),
    ("disable", disable),
    ("enable", enable),
):
    app.command(_name, help=help_of(_command))(_command)


def _switch(
    username: str,
    config: Path | None,
    data_dir: Path | None,
    database_url: str | None,
    *,
    disabled: bool,
    as_json: bool,
) -> None:
    with installation(config, data_dir, database_url) as platform:
        user = platform.accounts.find(username)
        account = platform.operations.change_user(operator(user.tenant), user.id, disabled=disabled)
    if as_json:
        typer.echo(json.dumps({"user": _facts(account, user.tenant.name)}, indent=2))
    else:
        typer.echo(f"{account.username} is {'disabled' if account.disabled else 'enabled'}.")


def _accounts(platform: Platform, tenant: Tenant) -> Iterator[Account]:
    after = ""
    while page := platform.operations.list_users(operator(tenant), limit=_PAGE, after=after):
        yield from page
        after = page[-1].id


def _facts(account: Account, tenant: str) -> dict[str, Any]:
    last = account.last_sign_in_at
    return {
        "id": account.id,
        "username": account.username,
        "role": account.role,
        "tenant": tenant,
        "disabled": account.disabled,
        "has_password": account.has_password,
        "last_sign_in_at": None if last is None else last.isoformat(timespec="seconds"),
    }


def _show(found: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from anomaly_detection.presentation.cli.report import console

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("username", "role", "tenant", "state", "last sign-in"):
        table.add_column(head, overflow="fold")
    for user in found:
        state = "disabled" if user["disabled"] else "active" if user["has_password"] else "no password yet"
        cells = (user["username"], user["role"], user["tenant"], state, user["last_sign_in_at"] or "never")
        table.add_row(*(Text(cell) for cell in cells))
    console().print(table)
