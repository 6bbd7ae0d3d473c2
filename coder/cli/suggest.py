"""`coder suggest`: the best codes for one text, now."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from coder.cli.console import comma_separated
from coder.cli.loading import TIER, EngineSpec
from coder.errors import InputError

if TYPE_CHECKING:
    from coder.engine import Coder, Suggestion
    from coder.model.model import Tier


@click.command()
@click.argument("text", metavar="TEXT")
@click.option("--scheme", "schemes", metavar="A,B", help="Schemes. Default: all that have a model.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="Suggestions per scheme.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A table to read, or JSON.",
)
@click.option("--industry", metavar="TEXT", help="What the establishment does, as context.")
@click.option("--tasks", metavar="TEXT", help="What the person does in the job, as context.")
@TIER
def suggest(
    text: str,
    schemes: str | None,
    limit: int,
    output: str,
    industry: str | None,
    tasks: str | None,
    tier: Tier,
) -> None:
    """Suggest codes for TEXT, best first, with the words that speak for each.

    TEXT is a narrative or a job title; "-" reads it from standard input. With --industry or
    --tasks, TEXT is the job title, and at most five suggestions are known.
    """
    if text == "-":
        text = sys.stdin.read()
    if not text.strip():
        raise InputError("there is no text to code")
    context = {"industry": industry, "tasks": tasks}
    given = {name: value for name, value in context.items() if value}
    chosen = comma_separated(schemes)
    engine = EngineSpec(schemes=chosen, tier=tier)()
    found: dict[str, Sequence[Suggestion]]
    if given:
        found = _in_context(engine, {"job_title": text, **given}, chosen, limit)
    else:
        found = {scheme: engine.suggest(text, scheme, limit) for scheme in chosen or engine.schemes}
    if output == "json":
        click.echo(json.dumps(_as_data(found), ensure_ascii=False, indent=2))
        return
    for scheme, suggestions in found.items():
        click.secho(scheme, bold=True)
        for line in _table(suggestions):
            click.echo(line)


def _in_context(
    engine: Coder, record: dict[str, str], chosen: tuple[str, ...] | None, limit: int
) -> dict[str, Sequence[Suggestion]]:
    """Suggestions for a record with several fields; without a choice, where it has text."""
    found: dict[str, Sequence[Suggestion]] = {}
    for scheme in chosen or engine.schemes:
        try:
            found[scheme] = engine.code(record, [scheme])[scheme].suggestions[:limit]
        except InputError:
            if chosen:
                raise
    return found


def _as_data(found: Mapping[str, Sequence[Suggestion]]) -> dict[str, list[dict[str, object]]]:
    return {
        scheme: [
            {
                "code": one.code,
                "title": one.title,
                "level": one.level,
                "probability": round(one.probability, 4),
                "evidence": list(one.evidence),
            }
            for one in suggestions
        ]
        for scheme, suggestions in found.items()
    }


def _table(suggestions: Sequence[Suggestion]) -> list[str]:
    """Code, probability, title and evidence, aligned."""
    if not suggestions:
        return ["  nothing to say about this text"]
    code = max(len(one.code) for one in suggestions)
    title = max(len(one.title) for one in suggestions)
    return [
        f"  {one.code:<{code}}  {one.probability:6.1%}  {one.title:<{title}}  "
        f"{', '.join(one.evidence)}".rstrip()
        for one in suggestions
    ]
