"""/v1/queue: take, decide, skip, return, keep, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from coder.review import highlight, queue, shown
from coder.review.api import schemas
from coder.review.api.context import Caller, Shared, caller
from coder.review.errors import ConflictError
from coder.review.ledger import canonical
from coder.review.models import Receipt
from coder.review.queue import Filters, Held
from coder.review.sampling import text_key
from coder.review.store import Store, secret

router = APIRouter(prefix="/v1/queue", tags=["queue"])
Clerk = Annotated[Caller, Depends(caller("queue"))]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=128, min_length=1)]
TurnId = Annotated[int, Path(ge=1, le=2**53)]
Answer = TypeVar("Answer", bound=BaseModel)


def show(store: Store, session: Session, held: Held) -> schemas.TurnOut:
    """A held turn as the API gives it. A check looks like any clerk's turn."""
    item, scheme = held.item, store.scheme(held.item.scheme)
    codes = shown.candidates(item, scheme, [d.code for d in held.others if d.code])
    spoken = highlight.spoken(item, codes)
    role = held.turn.role if held.turn.role in {"adjudicator", "supervisor"} else "clerk"
    return schemas.TurnOut(
        turn=held.turn.id,
        item=item.id,
        scheme=item.scheme,
        until=held.turn.until,
        records=item.n_records,
        text=item.text or {},
        candidates=[
            schemas.ShownOut(
                code=c.code,
                title=c.title,
                path=list(c.path),
                probability=c.probability,
                words=spoken[c.code],
            )
            for c in codes
        ],
        role=role,  # type: ignore[arg-type]  # narrowed by the set above
        others=[
            schemas.OtherOut(
                verdict=d.verdict, code=d.code, reason=d.reason, note=queue.note_of(session, d)
            )
            for d in held.others
        ],
    )


def once(
    session: Session,
    store: Store,
    who: Caller,
    key: str | None,
    request: list[Any],
    kind: type[Answer],
    work: Callable[[], Answer],
) -> Answer:
    """Do `work`, or repeat the answer that the same key got before.

    The receipt is part of the same transaction as the work. Raises ConflictError when the key
    was used for another request.
    """
    if key is None:
        return work()
    mark = text_key(secret(session), canonical(request))  # keyed: a request may hold texts
    before = session.get(Receipt, (who.user.id, key))
    if before is not None:
        if before.fingerprint != mark:
            raise ConflictError("this Idempotency-Key was used for another request")
        return kind.model_validate(before.answer)
    answer = work()
    content = answer.model_dump(mode="json")
    session.add(
        Receipt(user_id=who.user.id, key=key, fingerprint=mark, answer=content, at=store.clock())
    )
    return answer


@router.post("/next", response_model=schemas.TurnOut, responses={204: {"description": "Empty"}})
def take_next(body: schemas.NextIn, shared: Shared, who: Clerk) -> Any:
    """Take the next item under a lease, or get the one you hold. 204 when there is none."""
    wanted = Filters(body.scheme, body.major, body.source)
    with shared.store.write() as session:
        held = queue.take(shared.store, session, who.user, wanted)
        return Response(status_code=204) if held is None else show(shared.store, session, held)


@router.post("/{turn}/decide")
def decide(
    turn: TurnId, body: schemas.DecideIn, shared: Shared, who: Clerk, key: Key = None
) -> schemas.SavedOut:
    """Decide the item of a turn that you hold."""
    store = shared.store
    with store.write() as session:

        def work() -> schemas.SavedOut:
            saved = queue.decide(
                store, session, who.user, turn, code=body.code, cannot=body.cannot, note=body.note
            )
            return schemas.SavedOut(
                item=saved.item_id, state=saved.state, records=saved.records, entry=saved.seq
            )

        request = ["decide", turn, body.model_dump()]
        return once(session, store, who, key, request, schemas.SavedOut, work)


@router.post("/{turn}/skip")
def skip(
    turn: TurnId, body: schemas.SkipIn, shared: Shared, who: Clerk, key: Key = None
) -> schemas.OkOut:
    """Pass the item on to someone else."""
    store = shared.store
    with store.write() as session:

        def work() -> schemas.OkOut:
            queue.skip(store, session, who.user, turn, body.reason)
            return schemas.OkOut()

        request = ["skip", turn, body.model_dump()]
        return once(session, store, who, key, request, schemas.OkOut, work)


@router.post("/{turn}/return")
def hand_up(
    turn: TurnId, body: schemas.ReturnIn, shared: Shared, who: Clerk, key: Key = None
) -> schemas.OkOut:
    """Return the item to a supervisor."""
    store = shared.store
    with store.write() as session:

        def work() -> schemas.OkOut:
            queue.hand_up(store, session, who.user, turn, body.note)
            return schemas.OkOut()

        request = ["return", turn, body.model_dump()]
        return once(session, store, who, key, request, schemas.OkOut, work)


@router.post("/{turn}/keep")
def keep(turn: TurnId, shared: Shared, who: Clerk) -> schemas.UntilOut:
    """Extend the lease of a turn that you hold."""
    with shared.store.write() as session:
        return schemas.UntilOut(until=queue.keep(shared.store, session, who.user, turn))


@router.post("/undo")
def undo(shared: Shared, who: Clerk, key: Key = None) -> schemas.UndoneOut:
    """Take back your last decision and hold its turn again; /next gives it with its text."""
    store = shared.store
    with store.write() as session:

        def work() -> schemas.UndoneOut:
            held = queue.undo(store, session, who.user)
            return schemas.UndoneOut(item=held.item.id, turn=held.turn.id, until=held.turn.until)

        # receipts are kept, so no answer that gets one may hold a text
        return once(session, store, who, key, ["undo"], schemas.UndoneOut, work)
