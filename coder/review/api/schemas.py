"""The shapes of requests and answers; OpenAPI is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from coder.review.queue import CANNOT, NOTE_LIMIT, SKIP

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
CodeText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.]{1,16}$")]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Column = Annotated[str, StringConstraints(max_length=128)]
# PostgreSQL cannot store the character NUL in a text
Note = Annotated[str, StringConstraints(max_length=NOTE_LIMIT, pattern=r"^[^\x00]*$")]
Source = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\x00]*$")]
Fields = Annotated[dict[Column, Text], Field(min_length=1, max_length=100)]
Schemes = Annotated[list[Name], Field(min_length=1, max_length=20)]
Cannot = Literal[CANNOT]  # type: ignore[valid-type]  # the list lives in one place, queue.py
SkipReason = Literal[SKIP]  # type: ignore[valid-type]  # as above


class Shape(BaseModel):
    """Base of all bodies: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """The one shape of an error."""

    error: str
    message: str
    context: dict[str, Any]


class SuggestIn(Shape):
    """A text being typed, and the scheme to suggest codes from."""

    text: Text
    scheme: Name
    limit: Annotated[int, Field(ge=1, le=20)] = 5


class SuggestionOut(BaseModel):
    """A code with its probability (0 to 1) and the evidence for it."""

    code: str
    title: str
    level: int
    probability: float
    evidence: list[str]


class CodeIn(Shape):
    """One record: its text fields, and the schemes to code it for (default: all loaded)."""

    record: Fields
    schemes: Schemes | None = None


class DecisionOut(BaseModel):
    """The engine's decision for one record and scheme."""

    status: Literal["auto", "review", "uncodable"]
    code: str | None
    title: str | None
    level: int | None
    confidence: float | None
    suggestions: list[SuggestionOut]
    reason: str | None
    candidates: list[str]
    side: str | None = None


class BatchIn(Shape):
    """Records to code in the background.

    With `queue` (the token then needs the scope `queue`, too) they are also imported into the
    review store under the name `source`, and what the engine will not decide goes to the clerks.
    """

    records: Annotated[list[Fields], Field(min_length=1, max_length=10_000)]
    schemes: Schemes | None = None
    queue: bool = False
    source: Source = "api"


class JobOut(BaseModel):
    """A background job; `result` holds one {scheme: decision} per record when it is done.

    `queued` says per scheme how many records went to the clerks, null when none were asked for.
    """

    id: str
    state: Literal["waiting", "running", "done", "failed"]
    total: int
    done: int
    error: str | None
    queued: dict[str, int] | None
    result: list[dict[str, DecisionOut]] | None


class NextIn(Shape):
    """What to take from the queue; nothing means the most valuable item of all."""

    scheme: Name | None = None
    major: CodeText | None = None
    source: Source | None = None


class ShownOut(BaseModel):
    """A candidate as the clerk sees it; `words` of the text speak for it."""

    code: str
    title: str
    path: list[str]
    probability: float | None
    words: list[str]


class OtherOut(BaseModel):
    """An earlier decision, shown to adjudicators and supervisors only."""

    verdict: str
    code: str | None
    reason: str | None
    note: str


class TurnOut(BaseModel):
    """A turn that the caller holds until `until` (milliseconds since 1970, UTC).

    It does not say why the item is in the queue: a random sample of automatic codes must look
    like the rest.
    """

    turn: int
    item: int
    scheme: str
    until: int
    records: int
    text: dict[str, str]
    candidates: list[ShownOut]
    role: Literal["clerk", "adjudicator", "supervisor"]
    others: list[OtherOut]


class DecideIn(Shape):
    """A code of the scheme, or the reason why it cannot be coded."""

    code: CodeText | None = None
    cannot: Cannot | None = None
    note: Note = ""


class SavedOut(BaseModel):
    """What a decision did. `entry` is its number in the ledger."""

    item: int
    state: str
    records: int
    entry: int


class SkipIn(Shape):
    """Why the item is passed on."""

    reason: SkipReason


class ReturnIn(Shape):
    """A word to the supervisor."""

    note: Note = ""


class UndoneOut(BaseModel):
    """The turn that came back to the caller."""

    item: int
    turn: int
    until: int


class UntilOut(BaseModel):
    """Until when the turn is held (milliseconds since 1970, UTC)."""

    until: int


class OkOut(BaseModel):
    """It is done."""

    ok: bool = True


class SchemeOut(BaseModel):
    """A scheme that may be assigned."""

    name: str
    title: str
    version: str
    codes: int
    levels: list[int]


class CodeOut(BaseModel):
    """An entry of a scheme and what lies below it."""

    code: str
    title: str
    level: int
    parent: str | None
    path: list[str]
    children: list[str]
    definition: str | None = None


class SearchIn(Shape):
    """Words to look for in titles and index terms; misspelling is tolerated."""

    query: Annotated[str, StringConstraints(max_length=200)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class HealthOut(BaseModel):
    """Whether the server can work."""

    status: Literal["ok"]
    version: str
    database: str
    engine: bool
    schemes: list[str]
