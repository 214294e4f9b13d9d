"""Chunks, processes and files change nothing about an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from benchmarks.generate import ON, people
from cobalamin.assess import Assessment, assess
from cobalamin.engine import chunks_of, event_file, run, write_events
from cobalamin.errors import CobalaminError
from cobalamin.events import Events
from cobalamin.guidance import load
from cobalamin.records.ledger import Ledger


@pytest.fixture(scope="module")
def events() -> Events:
    return people(240, seed=7)


@pytest.fixture(scope="module")
def guideline():
    return load("nice_ng239", ON)


@pytest.fixture(scope="module")
def alone(events, guideline) -> pl.DataFrame:
    return assess(events, guideline, on=ON).trace


def trace(assessment: Assessment, ledger: Ledger) -> pl.DataFrame:
    return assessment.trace


def failing(assessment: Assessment, ledger: Ledger) -> None:
    raise CobalaminError("this chunk cannot be read")


def test_chunks_in_this_process_give_the_answers_of_one_frame(events, guideline, alone):
    parts = list(run(chunks_of(events, 100), guideline, ON, work=trace, workers=1))
    assert [part.height for part in parts] == [100, 100, 40]
    assert pl.concat(parts).equals(alone)


@pytest.mark.slow
def test_two_processes_give_the_same_answers_in_order(events, guideline, alone):
    done: list[int] = []
    parts = list(run(chunks_of(events, 60), guideline, ON, work=trace, workers=2, progress=done.append))
    assert pl.concat(parts).equals(alone)
    assert done == [60, 60, 60, 60]


@pytest.mark.slow
def test_an_error_in_a_process_reaches_the_caller_as_it_is(events, guideline):
    with pytest.raises(CobalaminError, match="this chunk cannot be read"):
        list(run(chunks_of(events, 60), guideline, ON, work=failing, workers=2))


def test_file_of_events_is_cut_between_people(tmp_path, events, guideline, alone):
    path = tmp_path / "events.parquet"
    events.frame.write_parquet(path, row_group_size=1000)
    slices = list(event_file(path, 100))
    assert len(slices) == 3
    assert sum(one.length for one in slices) == events.frame.height
    assert pl.concat(list(run(slices, guideline, ON, work=trace, workers=1))).equals(alone)


def test_file_written_here_is_not_sorted_again_and_gives_the_same(tmp_path, events, guideline, alone):
    path = tmp_path / "events.parquet"
    assert write_events([chunk.events for chunk in chunks_of(events, 100)], path) == events.frame.height
    slices = list(event_file(path, 50))
    assert all(one.proved for one in slices)
    assert pl.concat(list(run(slices, guideline, ON, work=trace, workers=1))).equals(alone)


def test_file_in_which_people_are_torn_apart_is_refused(tmp_path, events):
    path = tmp_path / "events.parquet"
    events.frame.sort("time", nulls_last=True).write_parquet(path)
    with pytest.raises(CobalaminError, match="do not lie together"):
        list(event_file(path, 100))


def test_file_that_is_no_parquet_is_refused(tmp_path):
    path = tmp_path / "events.parquet"
    path.write_text("patient_id,time\n")
    with pytest.raises(CobalaminError, match="not a Parquet file of events"):
        list(event_file(path, 100))


def test_day_of_decision_is_required(events):
    with pytest.raises(CobalaminError, match="day of decision is missing"):
        list(run(chunks_of(events)))


def test_nobody_is_no_work(guideline):
    assert list(run([], guideline, ON)) == []


def test_a_later_day_gives_other_answers_and_the_same_people(events, guideline, alone):
    later = replace(guideline)
    parts = list(run(chunks_of(events), later, date(2027, 1, 15), work=trace, workers=1))
    assert parts[0]["patient_id"].equals(alone["patient_id"])
    assert not parts[0].equals(alone)
