"""The same batches on the workers of a Dask cluster, through joblib's Dask backend.

The texts of a batch travel to a worker and its decisions travel back; this process alone writes,
each shard whole. Workers need no common disk: models and policies of one's own are sent to each
once, and a worker process loads its engine once. A worker that dies costs the batch it held,
which the scheduler gives to another.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from coder.batch.manifest import program
from coder.batch.store import BatchFile, from_bytes, to_bytes, write_table
from coder.batch.workers import Engine, Loader, Task, code_texts, loaded
from coder.errors import CoderError, InputError

SECONDS: Final = 20  # to reach the scheduler, and for a first worker to come
AT_ONCE: Final = 16  # joblib sends twice as many batches ahead
_EXTRA: Final = "--cluster needs Dask: pip install 'narracoder[cluster]'"


@runtime_checkable
class Movable(Protocol):
    """A loader that names files which a worker on another machine lacks."""

    def paths(self) -> tuple[Path, ...]:
        """Files and folders that it reads, besides what is installed."""

    def moved(self, places: Mapping[Path, Path]) -> Loader:
        """The same loader, reading each path from another place."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What each worker gets once: the loader, its files packed, and what it must come to."""

    loader: Loader
    files: tuple[tuple[Path, bytes], ...]
    expected: str

    @property
    def key(self) -> str:
        """Names the parcel; equal for equal models, policies and versions."""
        parts = [self.expected.encode(), *(packed for _, packed in self.files)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    def unpack(self, folder: Path) -> Engine:
        """The engine, loaded here. Raises CoderError when it is not the sender's."""
        loader = self.loader
        if isinstance(loader, Movable):
            loader = loader.moved(_unpacked(self.files, folder))
        engine = loader()
        differing = _differing(json.loads(self.expected), json.loads(identity(engine)))
        if differing:
            raise CoderError(
                f"a worker has other versions or models ({', '.join(differing)}): install there "
                "what is installed here"
            )
        return engine


def parcel(loader: Loader) -> Parcel:
    """Pack a loader's files. Raises InputError for one that cannot be read."""
    paths = loader.paths() if isinstance(loader, Movable) else ()
    return Parcel(loader, tuple((path, _packed(path)) for path in paths), identity(loaded(loader)))


def identity(engine: Engine) -> str:
    """What decides the bytes of an answer: models, policies and versions, as JSON."""
    return json.dumps({**program(), "engine": dict(engine.manifest())}, sort_keys=True)


def _differing(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [
        f"{key} {theirs.get(key)} instead of {ours[key]}" if key != "engine" else "models"
        for key in ours
        if ours[key] != theirs.get(key)
    ]


def _packed(path: Path) -> bytes:
    target = io.BytesIO()
    inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in inside:
                archive.writestr(
                    zipfile.ZipInfo(file.relative_to(path.parent).as_posix()), file.read_bytes()
                )
    except OSError as error:
        raise InputError(f"cannot read {path.name}: {error.strerror}", file=path.name) from error
    return target.getvalue()


def _unpacked(files: Sequence[tuple[Path, bytes]], folder: Path) -> dict[Path, Path]:
    places = {}
    for number, (path, packed) in enumerate(files):
        home = folder / str(number)
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            archive.extractall(home)
        places[path] = home / path.name
    return places


# In a worker process ---------------------------------------------------------------------------

_PARCELS: dict[str, Parcel] = {}
_ENGINES: dict[str, Engine] = {}
_HOMES: dict[str, tempfile.TemporaryDirectory[str]] = {}  # models may read their files late
_ONE_AT_A_TIME = threading.Lock()  # a worker of several threads codes one batch after the other


def keep(sent: Parcel) -> None:
    """Put a parcel by until a batch asks for it."""
    _PARCELS[sent.key] = sent


def forget(key: str) -> None:
    """Let go of a parcel and its engine."""
    _PARCELS.pop(key, None)
    _ENGINES.pop(key, None)
    if home := _HOMES.pop(key, None):
        home.cleanup()


def code_sent(key: str, task: Task, number: int, texts: bytes) -> tuple[int, bytes]:
    """Code one batch that was sent; returns its number and the decisions, both as Arrow bytes."""
    with _ONE_AT_A_TIME:
        if key not in _ENGINES:
            if key not in _PARCELS:
                raise CoderError("a worker came without its models: continue with --resume")
            _HOMES[key] = tempfile.TemporaryDirectory(prefix="narracoder-")
            _ENGINES[key] = _PARCELS[key].unpack(Path(_HOMES[key].name))
        return number, to_bytes(code_texts(_ENGINES[key], task, from_bytes(texts)))


# In this process -------------------------------------------------------------------------------


def code_on_cluster(task: Task, numbers: Sequence[int], address: str) -> Iterator[int]:
    """Code these batches on the cluster; yields each number when its decisions are on disk.

    Raises CoderError when the scheduler cannot be reached, has no worker, or a worker has other
    versions than this process; when a batch cost several workers their lives.
    """
    if not numbers:
        return
    import joblib

    sent = parcel(task.loader)
    texts = BatchFile(task.source)
    # the loader stays here: its files travel in the parcel, once
    light = replace(task, loader=_nothing)
    calls = (
        joblib.delayed(code_sent)(sent.key, light, number, to_bytes(texts.batch(number)))
        for number in numbers
    )
    with _connected(address, sent) as client:
        backend = _backend()(client=client, wait_for_workers_timeout=SECONDS)
        with joblib.parallel_config(backend=backend):
            run = joblib.Parallel(n_jobs=-1, batch_size=1, return_as="generator_unordered")
            for number, answer in _failures_told(run, calls):
                write_table(task.path(number), from_bytes(answer))
                yield number


def _nothing() -> Engine:
    raise CoderError("this task has no loader: its engine comes in a parcel")


@contextmanager
def _connected(address: str, sent: Parcel) -> Iterator[Any]:
    try:
        import distributed
    except ImportError:
        raise CoderError(_EXTRA) from None
    connect: Any = distributed.Client  # it has no types
    try:
        client = connect(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise CoderError(
            f"no Dask scheduler answers at {address}: start one with 'dask scheduler'",
            cluster=address,
        ) from error
    with client:
        plugin = _plugin()(sent)
        client.register_plugin(plugin, name=plugin.name)
        try:
            yield client
        finally:
            if client.status == "running":
                client.unregister_worker_plugin(plugin.name)


def _failures_told(run: Any, calls: Iterator[Any]) -> Iterator[tuple[int, bytes]]:
    from distributed import KilledWorker

    try:
        yield from run(calls)
    except KilledWorker:
        raise CoderError(
            "one batch cost several workers their lives, perhaps for lack of memory: continue "
            "with --resume and a smaller --batch-size"
        ) from None
    except TimeoutError:
        raise CoderError(
            f"the cluster has no worker: none came within {SECONDS} seconds; start some with "
            "'dask worker', and continue with --resume"
        ) from None
    except asyncio.CancelledError:
        raise CoderError("the scheduler let go of this run: continue with --resume") from None


@cache
def _plugin() -> type[Any]:
    from distributed import WorkerPlugin

    class Models(WorkerPlugin):
        """Brings the parcel to each worker, those that come later included."""

        def __init__(self, sent: Parcel) -> None:
            self.sent = sent
            self.name = f"narracoder-{sent.key}"

        def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's signature
            keep(self.sent)

        def teardown(self, worker: Any) -> None:  # noqa: ARG002 - Dask's signature
            forget(self.sent.key)

    return Models


@cache
def _backend() -> type[Any]:
    from joblib._dask import DaskDistributedBackend

    class TellingBackend(DaskDistributedBackend):  # type: ignore[misc]  # joblib has no types
        """joblib's Dask backend, which says nothing of a task that the scheduler gave up, and
        would not use a cluster of one core."""

        def effective_n_jobs(self, n_jobs: int) -> int:
            # also what is under way at a time, for workers that come later
            return max(AT_ONCE, int(super().effective_n_jobs(n_jobs)))

        async def _collect(self) -> None:
            while self._continue:
                async for future, result in self.waiting_futures:
                    self._results.pop(future)
                    callback = self._callbacks.pop(future)
                    callback(result if future.status == "finished" else _GivenUp(result))
                await asyncio.sleep(0.01)

        def retrieve_result_callback(self, out: Any) -> Any:
            if isinstance(out, _GivenUp):
                raise out.error
            return super().retrieve_result_callback(out)

    return TellingBackend


class _GivenUp:
    """The error with which the scheduler gave up a task."""

    def __init__(self, result: Any) -> None:
        found = result[1] if isinstance(result, tuple) and len(result) > 1 else result
        known = isinstance(found, BaseException)
        self.error: BaseException = found if known else asyncio.CancelledError()
