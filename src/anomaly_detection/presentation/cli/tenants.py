"""``anomaly-detection tenants``: who shares a platform without seeing one another."""

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
)
from anomaly_detection.presentation.cli.teaching import examples, help_of

if TYPE_CHECKING:
    from anomaly_detection.configurations.basic.composition import Platform
    from anomaly_detection.infrastructure.persistence.tenants import Tenant

app = typer.Typer(
    help="Make and list tenants: each has users, data and models that no other tenant sees.",
    no_args_is_help=True,
    epilog=examples("tenants create acme --admin ada", "tenants list", "tenants list --json | jq .tenants"),
)


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="1 to 200 characters.")],
    admin: Annotated[
        str | None, typer.Option(metavar="USERNAME", help="Also add this user as its first administrator.")
    ] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """Make a tenant, and with --admin its first administrator, who gets a one-time link.

    A tenant that is there already is left as it is. A running server needs no restart.
    """
    with installation(config, data_dir, database_url, new=True) as platform:
        there = {tenant.name for tenant in platform.accounts.tenants()}
        tenant = platform.accounts.create_tenant(name)
        made = tenant.name not in there
        if not as_json:
            typer.echo(f"Made the tenant {tenant.name!r}." if made else f"The tenant {tenant.name!r} exists already.")
        link = None if admin is None else _first_administrator(platform, tenant, admin)
    if as_json:
        typer.echo(json.dumps({"tenant": _facts(tenant), "created": made, "administrator": link}, indent=2))
    elif link is not None:
        say_link(link)


def list_tenants(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: options.AsJson = False,
) -> None:
    """List the tenants by name."""
    with installation(config, data_dir, database_url) as platform:
        tenants = platform.accounts.tenants()
    if as_json:
        typer.echo(json.dumps({"tenants": [_facts(tenant) for tenant in tenants]}, indent=2))
        return
    for tenant in tenants:
        typer.echo(tenant.name)
    if not tenants:
        typer.echo("There is no tenant yet: the first start of the server makes one.", err=True)


app.command("create", help=help_of(create))(create)
app.command("list", help=help_of(list_tenants))(list_tenants)


def _first_administrator(platform: Platform, tenant: Tenant, username: str) -> dict[str, str]:
    account, link = platform.operations.create_user(operator(tenant), username, "admin")
    return link_facts(platform.settings, account.username, link.one_time_token, link.expires_at)


def _facts(tenant: Tenant) -> dict[str, Any]:
    return {"id": tenant.id, "name": tenant.name, "created_at": tenant.created_at.isoformat(timespec="seconds")}
