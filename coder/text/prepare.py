"""From the fields of a record to the two texts that a model reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from coder.text.fields import Role, main_role
from coder.text.normal import Domain, normal
from coder.text.nothing import nothing_to_say


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a model reads of one record, in `normal` form.

    main     the narrative, the job title or the establishment's activity
    context  the other fields that bear on it, "" when there are none
    absent   why there is nothing to code ("empty", "placeholder", "no words", …), else None
    """

    main: str
    context: str
    absent: str | None


_CONTEXT: Mapping[Role, tuple[Role, ...]] = {
    Role.NARRATIVE: (),
    Role.TITLE: (Role.TASKS, Role.INDUSTRY),
    Role.INDUSTRY: (Role.TITLE, Role.TASKS),
    Role.SIZE: (),
    Role.EMPLOYMENT: (),
}
_DOMAIN: Mapping[Role, Domain] = {
    Role.NARRATIVE: "injury",
    Role.TITLE: "occupation",
    Role.TASKS: "occupation",
    Role.INDUSTRY: "industry",
    Role.SIZE: "injury",
    Role.EMPLOYMENT: "injury",
}


def domain_of(scheme: str) -> Domain:
    """The text domain of a scheme; a user's scheme is read like narratives."""
    return _DOMAIN[main_role(scheme) or Role.NARRATIVE]


def prepare(values: Mapping[Role, str], scheme: str) -> Prepared:
    """The texts that the model of `scheme` reads, from one record's fields.

    Injury schemes read the narrative; ISCO the job title, with tasks and industry as context
    (the tasks stand in for a title that says nothing); ISIC the activity, with job title and
    tasks as context; a user's scheme reads all text as one. No field is taken for another: for a
    narrative behind an occupation see `coder.evidence.prepare_records`.
    """
    main = main_role(scheme)
    if main is None:
        parts = [text for role, text in values.items() if role is not Role.DIAGNOSIS and text]
        text = ". ".join(part for part in parts if nothing_to_say(part) is None)
        absent = None if text else nothing_to_say(parts[0] if parts else "")
        return Prepared(normal(text, "injury"), "", absent)
    text = values.get(main, "")
    absent = nothing_to_say(text)
    context = [
        role for role in _CONTEXT[main] if role in values and nothing_to_say(values[role]) is None
    ]
    if absent and main is Role.TITLE and Role.TASKS in context:
        text, absent = values[Role.TASKS], None
        context.remove(Role.TASKS)
    if absent:
        return Prepared("", "", absent)
    return Prepared(
        normal(text, _DOMAIN[main]),
        " ".join(normal(values[role], _DOMAIN[role]) for role in context),
        None,
    )
