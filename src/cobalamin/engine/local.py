"""A population on one machine: chunks of whole people, one process a core, one Polars thread each.

One thread a process, because the kernel is many small expressions: two processes decide a third more people a
second than one process with two threads. Memory is bounded by the chunks in flight, never by the population.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from itertools import chain
from multiprocessing import get_context
from typing import Any, TypeVar

import polars as pl

from cobalamin.assess import Assessment, assess
from cobalamin.engine.files import FileSlice, rows_of_chunks
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance import DEFAULT, Guideline, load
from cobalamin.records.ledger import Intake, Ledger

# Half as many are a tenth slower; more bring no speed, and a process stays near 300 MB.
PEOPLE_A_CHUNK = 8_000
CHUNKS_WAITING = 1
THREADS = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS")
T = TypeVar("T")


Source = Intake | FileSlice
Work = Callable[[Assessment, Ledger], T]


def whole(assessment: Assessment, ledger: Ledger) -> tuple[Assessment, Ledger]:
    """The answer as it is, with its ledger; for populations that fit into memory."""
    return assessment, ledger


def run(
    chunks: Iterable[Source],
    guidance: Guideline | str = DEFAULT,
    on: date | None = None,
    *,
    work: Work[T] = whole,  # type: ignore[assignment]
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Iterator[T]:
    """Assess chunk after chunk and yield what `work` makes of each, in the order of the chunks.

    `work` runs beside the kernel, so that only what it returns travels between processes; it must be a
    function of a module. `workers` is the number of processes, as many as cores if left out; one chunk alone,
    or one worker, stays in this process. `progress` is told the number of people of each chunk that is done.
    Raises CobalaminError for unknown guidance or a process that was ended from outside.
    """
    if on is None:
        raise CobalaminError("The day of decision is missing. Give it as on=date(...); the clock is not read here.")
    guideline = load(guidance, on) if isinstance(guidance, str) else guidance
    sources = iter(chunks)
    processes = workers or os.cpu_count() or 1
    first = next(sources, None)
    second = next(sources, None) if first is not None and processes > 1 else None
    waiting: Iterator[Source] = chain([part for part in (first, second) if part is not None], sources)
    done = _here(waiting, guideline, on, work) if second is None else _beside(waiting, guideline, on, work, processes)
    for people, result in done:
        if progress is not None:
            progress(people)
        yield result


def chunks_of(events: Events, people: int = PEOPLE_A_CHUNK) -> Iterator[Intake]:
    """Cut events that are in memory into chunks of whole people."""
    frame, begin = events.frame, 0
    runs = frame["patient_id"].rle().struct.unnest().select(rows=pl.col("len").cast(pl.Int64))
    for length in rows_of_chunks(runs, people):
        yield Intake(Events(frame.slice(begin, length)), Ledger())
        begin += length


def _assessed(source: Source, guideline: Guideline, on: date, work: Work[T]) -> tuple[int, T]:
    chunk = source.fetch() if isinstance(source, FileSlice) else source
    assessment = assess(chunk.events, guideline, on=on)
    return assessment.findings.height, work(assessment, chunk.ledger)


def _here(sources: Iterator[Source], guideline: Guideline, on: date, work: Work[T]) -> Iterator[tuple[int, T]]:
    for source in sources:
        yield _assessed(source, guideline, on, work)


def _beside(
    sources: Iterator[Source], guideline: Guideline, on: date, work: Work[T], processes: int
) -> Iterator[tuple[int, T]]:
    """The same in several processes, never more than a chunk each and one waiting in memory."""
    with (
        _single_threaded(),
        ProcessPoolExecutor(
            processes, get_context("spawn"), initializer=_prepare_process, initargs=(guideline, on, work)
        ) as pool,
    ):
        running: deque[Future[tuple[int, T]]] = deque()
        try:
            for source in sources:
                running.append(pool.submit(_in_process, source))
                if len(running) > processes + CHUNKS_WAITING:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool:
            raise CobalaminError(
                "A worker process ended before its work was done; most often memory ran out. "
                "Try fewer workers (--workers 1)."
            ) from None
        finally:
            for waiting in running:
                waiting.cancel()


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Processes begun inside get one thread each; the settings are read once, when the libraries are imported."""
    before = {name: os.environ[name] for name in THREADS if name in os.environ}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name in THREADS:
            del os.environ[name]
        os.environ.update(before)


_task: list[tuple[Guideline, date, Work[object]]] = []


def _prepare_process(guideline: Guideline, on: date, work: Work[object]) -> None:
    _task[:] = [(guideline, on, work)]


def _in_process(source: Source) -> tuple[int, Any]:
    guideline, on, work = _task[0]
    answer = _assessed(source, guideline, on, work)
    if not gc.get_freeze_count():
        # What the first chunk left is kept for good: the collector need not look through it after each of the others.
        gc.freeze()
    return answer
