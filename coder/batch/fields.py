"""Which columns of the input hold the text that each scheme is coded from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from coder.errors import InputError
from coder.text import FieldMap, resolve_fields


def text_columns(
    columns: Sequence[str],
    targets: Mapping[str, str],
    override: Mapping[str, Sequence[str]],
    *,
    asked: bool,
) -> dict[str, FieldMap]:
    """The text columns of each scheme that can be coded from this input.

    `targets` maps the name of what is coded to its scheme, `override` names columns for it.
    When the caller `asked` for these, each must have a column; otherwise those without
    are left out. Raises InputError, listing the columns found, when nothing can be coded.
    """
    found: dict[str, FieldMap] = {}
    problem: InputError | None = None
    for name, scheme in targets.items():
        try:
            found[name] = resolve_fields(columns, scheme, override.get(name))
        except InputError as error:
            if asked or name in override:
                raise
            problem = problem or error
    if not found and problem:
        raise problem
    return found
