"""`coder review …`: the clerk's side from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coder.errors import CoderError, InputError

if TYPE_CHECKING:
    from coder.review.store import Store

STORE = click.option(
    "--store",
    "location",
    envvar="NARRACODER_REVIEW",
    default="review.sqlite",
    show_default=True,
    help="Path of a SQLite file, or a postgresql:// URL (or set NARRACODER_REVIEW).",
)


def open_store(location: str) -> Store:
    try:
        from coder.review.store import Store
    except ModuleNotFoundError as error:
        raise CoderError(
            f"the review side needs {error.name}: pip install 'narracoder[review]'"
        ) from error
    store = Store.open(location)
    click.get_current_context().call_on_close(store.close)
    return store


def _pairs(values: Sequence[str], option: str) -> dict[str, str]:
    found = {}
    for value in values:
        name, separator, rest = value.partition("=")
        if not (name and separator and rest):
            raise InputError(f"{option} needs NAME=VALUE, not '{value}'", option=option)
        found[name] = rest
    return found


def _print(values: object) -> None:
    click.echo(json.dumps(values, indent=2, ensure_ascii=False))


@click.group()
def review() -> None:
    """Records that need a person: queue, page, ledger, export."""


@review.command()
@STORE
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change a setting.")
@click.option(
    "--definitions",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with the columns scheme, code, definition, shown beside the codes.",
)
def init(location: str, settings: Sequence[str], definitions: Path | None) -> None:
    """Create the store, or bring an older one up to date; safe to repeat."""
    try:
        from coder.review import administration
        from coder.review.store import Store
    except ModuleNotFoundError as error:
        raise CoderError(
            f"the review side needs {error.name}: pip install 'narracoder[review]'"
        ) from error
    store = Store.create(location)
    click.get_current_context().call_on_close(store.close)
    with store.write() as session:
        for name, value in _pairs(settings, "--set").items():
            administration.change_setting(store, session, name, value)
        if definitions is not None:
            count = administration.load_definitions(store, session, definitions)
            click.echo(f"{count} definitions loaded")
    click.echo("the review store is ready")


@review.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@STORE
@click.option("--name", default="", help="Name of this source in filters; default: the folder's.")
@click.option("--text", multiple=True, metavar="SCHEME=COL,COL", help="Text columns of a scheme.")
@click.option("--show", multiple=True, metavar="COLUMN", help="Further columns the clerk may see.")
@click.option("--id", "record_id", metavar="COLUMN", help="Column that names a record.")
@click.option(
    "--known",
    multiple=True,
    metavar="SCHEME=COLUMN",
    help="Column of known right codes: the rows become checks for new clerks.",
)
@click.option("--clerk", help="Who filled the work list, when SOURCE is one.")
def import_(
    source: Path,
    location: str,
    name: str,
    text: Sequence[str],
    show: Sequence[str],
    record_id: str | None,
    known: Sequence[str],
    clerk: str | None,
) -> None:
    """Import an output folder of `coder code` into the queue, or a clerk's filled work list."""
    store = open_store(location)
    from dataclasses import asdict

    if source.is_file():
        if clerk is None:
            raise InputError("say whose work list this is: --clerk NAME")
        from coder.review import worklist

        done = worklist.read_back(store, clerk, source)
        _print(asdict(done))
        if done.problems:
            raise InputError(f"{len(done.problems)} rows were not taken; the others were saved")
        return

    from coder.review.importing import Options, import_folder

    options = Options(
        source=name,
        text={k: v.split(",") for k, v in _pairs(text, "--text").items()},
        show=show,
        record_id=record_id,
        known=_pairs(known, "--known"),
    )
    _print(asdict(import_folder(store, source, options)))


@review.command()
@STORE
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@click.option("--no-engine", is_flag=True, help="Serve the queue only; load no models.")
@click.option("--schemes", metavar="A,B", help="Load the models of these schemes only.")
@click.option("--model", "models", multiple=True, metavar="NAME=PATH", help="A model of your own.")
@click.option("--https", is_flag=True, help="Behind a TLS proxy: mark cookies Secure, send HSTS.")
@click.option("--webhook", metavar="URL", help="Tell this address when a record is decided.")
@click.option(
    "--webhook-secret-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the secret that signs the messages.",
)
def serve(
    location: str,
    host: str,
    port: int,
    no_engine: bool,
    schemes: str | None,
    models: Sequence[str],
    https: bool,
    webhook: str | None,
    webhook_secret_file: Path | None,
) -> None:
    """Serve the page and the API, on this machine only unless --host says otherwise."""
    store = open_store(location)
    from coder.review.api.server import load_engine, run
    from coder.review.api.webhook import Target

    target = None
    if webhook is not None:
        if webhook_secret_file is None:
            raise InputError("--webhook needs --webhook-secret-file")
        target = Target(webhook, webhook_secret_file.read_text(encoding="utf-8").strip())
    engine = None
    if not no_engine:
        engine = load_engine(_pairs(models, "--model"), schemes.split(",") if schemes else None)
    run(store, engine, host=host, port=port, https=https, webhook=target)


@review.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@STORE
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "parquet"]), help="By ending.")
@click.option("--training", metavar="SCHEME", help="Write what people decided, for `coder train`.")
@click.option("--for-clerk", help="Write a work list for this person to fill in instead.")
@click.option("--limit", default=200, show_default=True, help="Rows of the work list.")
@click.option("--days", default=14, show_default=True, help="How long the rows are theirs.")
@click.option("--scheme", help="Only this classification, in a work list.")
def export(
    out: Path,
    location: str,
    form: str | None,
    training: str | None,
    for_clerk: str | None,
    limit: int,
    days: int,
    scheme: str | None,
) -> None:
    """Write every record with its final codes and where each came from.

    Or, with --for-clerk, a work list to fill in; with --training, what people decided.
    """
    store = open_store(location)
    if training is not None:
        from coder.review.learning import write_training

        rows, sample = write_training(store, training, out)
        click.echo(f"{rows} rows to train on and {sample} of the random sample in {out.name}")
        return
    if for_clerk is not None:
        from coder.review import worklist
        from coder.review.queue import Filters

        rows = worklist.write(
            store, for_clerk, out, limit=limit, days=days, filters=Filters(scheme=scheme)
        )
        click.echo(f"{rows} rows for {for_clerk} written to {out.name}")
        return
    from coder.review.export import export as write

    click.echo(f"{write(store, out, form)} records written to {out.name}")


@review.command()
@STORE
def stats(location: str) -> None:
    """Queue, throughput, agreement and accuracy, as JSON."""
    store = open_store(location)
    from coder.review import figures

    with store.read() as session:
        _print(figures.summary(store, session))


@review.command()
@STORE
@click.option("--expect", metavar="HASH", help="Hash of an entry noted earlier: must be there.")
def verify(location: str, expect: str | None) -> None:
    """Verify the ledger: every entry, and every decision, text and note against it."""
    store = open_store(location)
    from dataclasses import asdict

    from coder.review import ledger

    with store.read() as session:
        _print(asdict(ledger.verify(session, expect)))


@review.command()
@click.argument("record")
@STORE
@click.option("--source", help="Only in this source.")
@click.option("--delete", is_flag=True, help="Remove the rows, too; the ledger stays.")
@click.confirmation_option(prompt="This cannot be undone. Redact?")
def redact(record: str, location: str, source: str | None, delete: bool) -> None:
    """Empty a person's record: fields, text, notes. The ledger still verifies."""
    store = open_store(location)
    from dataclasses import asdict

    from coder.review import privacy

    _print(asdict(privacy.redact(store, record, source=source, delete=delete)))


@review.group()
def users() -> None:
    """People who may sign in, and their API tokens."""


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
_ROLE = click.Choice(["clerk", "adjudicator", "supervisor", "reader"])


@users.command("add")
@click.argument("name")
@click.option("--role", type=_ROLE, default="clerk", show_default=True)
@_STDIN
@STORE
def users_add(name: str, role: str, password_stdin: bool, location: str) -> None:
    """Add a person; asks for a password."""
    store = open_store(location)
    from coder.review import users as people

    password = _password(password_stdin)
    with store.write() as session:
        people.add(store, session, name, role, password)
    click.echo(f"added {name} ({role})")


@users.command("list")
@STORE
def users_list(location: str) -> None:
    """List people and their roles."""
    store = open_store(location)
    from coder.review import users as people

    with store.read() as session:
        for user in people.everyone(session):
            click.echo(f"{user.name}\t{user.role}\t{'active' if user.active else 'closed'}")


@users.command("password")
@click.argument("name")
@_STDIN
@STORE
def users_password(name: str, password_stdin: bool, location: str) -> None:
    """Set a new password and unlock the account."""
    store = open_store(location)
    from coder.review import users as people

    password = _password(password_stdin)
    with store.write() as session:
        people.set_password(store, session, name, password)
    click.echo("password set")


@users.command("role")
@click.argument("name")
@click.argument("role", type=_ROLE)
@STORE
def users_role(name: str, role: str, location: str) -> None:
    """Change a person's role."""
    store = open_store(location)
    from coder.review import users as people

    with store.write() as session:
        people.set_role(store, session, name, role)
    click.echo(f"{name} is now {role}")


@users.command("close")
@click.argument("name")
@STORE
def users_close(name: str, location: str) -> None:
    """Close an account: its sessions and tokens end, its turns go back to the queue."""
    store = open_store(location)
    from coder.review import users as people

    with store.write() as session:
        people.deactivate(store, session, name)
    click.echo(f"closed {name}")


@users.command("token")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="Repeat for more than one.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(1, 3660))
@click.option("--label", default="", help="What the token is for.")
@STORE
def users_token(name: str, scopes: Sequence[str], days: int, label: str, location: str) -> None:
    """Make an API token; it is shown once. Scopes: suggest, code, queue, read, metrics."""
    store = open_store(location)
    from coder.review import users as people

    with store.write() as session:
        user = people.named(session, name)
        click.echo(people.new_token(store, session, user, label, scopes, days))


@users.command("revoke")
@click.argument("name")
@STORE
def users_revoke(name: str, location: str) -> None:
    """Revoke all API tokens of a person."""
    store = open_store(location)
    from coder.review import users as people

    with store.write() as session:
        click.echo(f"{people.revoke_tokens(store, session, name)} tokens revoked")
