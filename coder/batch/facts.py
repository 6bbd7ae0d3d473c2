"""The facts of cases in a run: which columns they are read from, and what they add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from coder.evidence.time_lost import Order


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run needs to know: the input's column names, those read, and the order of dates."""

    names: tuple[str, ...]
    columns: tuple[str, ...]
    narrative: tuple[str, ...] | None
    order: Order

    @classmethod
    def of(cls, names: Sequence[str], narrative: Sequence[str] | None, order: Order) -> Facts:
        """The facts that an input with these columns can tell. Raises InputError for none."""
        from coder.engine.facts import columns_of_facts

        texts = tuple(narrative) if narrative else None
        return cls(tuple(names), tuple(columns_of_facts(names, texts)), texts, order)

    def beside(self, answer: pa.Table, texts: pa.Table) -> pa.Table:
        """The answer with the facts of the same rows."""
        from coder.engine.facts import facts_table

        found = facts_table(texts, self.narrative, self.order)
        for name in found.column_names:
            answer = answer.append_column(name, found[name])
        return answer
