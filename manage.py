"""The operator's commands. `python manage.py --help` lists them.

Knows nothing of rules: each command opens the database and calls the room that has the rule. All
but `demo` may be used while the app runs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import OperationalError

import checkpoints
from accounts import people, switches
from accounts.models import Role
from audit import length
from errors import CannotStart, GreenlightError, NoInstance, complain
from media import MediaStore
from moderation import claims
from moderation.proof import file_problems, problems
from settings import Settings, read_settings
from sharing import turns
from store import Store, as_text, open_store

CONSOLE: Final = "console"
"""The actor in the audit log for what is done here: whoever has a shell on the machine."""

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Greenlight's own commands.")

RoleOption = Annotated[Role, typer.Option(help="what the person may do")]
NameOption = Annotated[str, typer.Option(help="the person's name")]
What = Annotated[str, typer.Argument(help="generation, publishing, signups, notices or all")]


@contextmanager
def _opened() -> Iterator[tuple[Settings, Store]]:
    settings = read_settings()
    store = open_store(settings)
    try:
        yield settings, store
    finally:
        store.close()


@cli.command()
def invite(
    role: RoleOption, name: Annotated[str | None, typer.Option(help="their name")] = None
) -> None:
    """Print an invitation link, good for one person."""
    with _opened() as (settings, store), store.write() as session:
        token = people.invite(
            session, role=role, name=name, created_by=CONSOLE, hours=settings.invite_hours
        )
    print(f"{settings.address}/invite/{token}")  # only what is really stored


@cli.command()
def token(name: NameOption, role: RoleOption) -> None:
    """Make the person if needed and print a bearer token, once."""
    with _opened() as (_, store), store.write() as session:
        person, before = people.person_with_role(session, name, role, created_by=CONSOLE)
        issued = people.issue_token(session, person, created_by=CONSOLE)
    if before is not None and before is not role:
        print(f"{person.name} was {before.value} and is {role.value} now.", file=sys.stderr)
    print(issued)


@cli.command()
def users() -> None:
    """List everybody with access, and those who had it."""
    table = Table("name", "role", "since", "share", "access")
    with _opened() as (_, store), store.read() as session:
        weights = turns.weights(session)
        for person in people.everyone(session):
            since, share = as_text(person.created_at)[:10], f"{weights.get(person.id, 1):g}"
            access = "revoked" if person.locked_at else "yes"
            table.add_row(person.name, person.role, since, share, access)
    Console().print(table)


@cli.command()
def share(
    name: Annotated[str, typer.Argument(help="whose share of the pipeline")],
    weight: Annotated[float, typer.Argument(help="2 is twice what others have, who have 1")],
) -> None:
    """Give one person a larger or smaller share of the pipeline, from their next clip on."""
    with _opened() as (_, store), store.write() as session:
        person = people.find_person(session, name)
        turns.weigh(session, person.id, weight, weighed_by=CONSOLE)
    print(f"{person.name} has a share of {weight:g} now.")


@cli.command()
def revoke(name: Annotated[str, typer.Argument(help="whose access ends")]) -> None:
    """End one person's access: browsers, tokens, password. Their clips stay."""
    with _opened() as (_, store), store.write() as session:
        person = people.revoke(session, name, revoked_by=CONSOLE)
        claims.drop(session, person.id)
    print(f"{person.name} has no access any more.")


@cli.command()
def pause(what: What = "all", message: Annotated[str | None, typer.Option()] = None) -> None:
    """Pause making, publishing, sign-ups, or all of it. Nothing that was accepted is lost."""
    with _opened() as (_, store), store.write() as session:
        switches.pause(session, what, message=message, paused_by=CONSOLE)
        print(f"Paused: {', '.join(switch.what for switch in switches.paused(session))}")


@cli.command()
def resume(what: What = "all") -> None:
    """Go on with what was paused."""
    with _opened() as (_, store), store.write() as session:
        switches.resume(session, what, resumed_by=CONSOLE)
        print(f"Paused: {', '.join(s.what for s in switches.paused(session)) or 'nothing'}")


@cli.command("verify-log")
def verify_log() -> None:
    """Prove the audit log whole and in step with the clips. Exits 1 when it is not."""
    settings = read_settings()
    for needed in (settings.database_file, settings.keys_folder / "audit.key"):
        if not needed.is_file():  # opening would make a new one, and prove nothing
            raise NoInstance(folder=settings.data, missing=needed.name)
    with _opened() as (_, store), store.read() as session:
        found = problems(session, store.session_info["audit_key"])
        found += file_problems(session, MediaStore(settings.media_folder))
        found += checkpoints.contradictions(session, settings.data)
        rows = length(session)
    for problem in found:
        print(problem)
    if found:
        raise typer.Exit(1)
    print(f"The log is whole: {rows} rows, every clip and file as the log says.")


@cli.command()
def demo() -> None:
    """Fill an empty instance with real clips, some of them reviewed and published."""
    from app import running
    from demo import fill

    with running(read_settings()) as greenlight:
        fill(greenlight)
        print(f"Done. Start the app and open {greenlight.settings.address}")


def main() -> int:
    os.umask(0o077)  # held clips and keys are nobody else's on this machine
    try:
        cli()
    except GreenlightError as error:
        return complain(error)
    except (OSError, OperationalError) as error:
        return complain(CannotStart(why=error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
