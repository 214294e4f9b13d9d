"""Make a virtual practice: lives, records and truth, chunk by chunk, into one folder that appears whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from cobalamin.engine.folder import write_whole
from cobalamin.errors import CobalaminError
from cobalamin.events import VIRTUAL_ID
from cobalamin.population.codings import Chunk, coded
from cobalamin.population.facts import facts_of
from cobalamin.population.life import Life, live
from cobalamin.population.people import NEVER
from cobalamin.population.read_me import read_me
from cobalamin.population.recorded import Recorded, record_of
from cobalamin.population.sheets import Sheets
from cobalamin.population.truth import dates, truth_of

FORMATS = ("fhir", "tables", "omop", "meds")
DIRT = ("usual", "none")
PEOPLE_A_CHUNK = 2_000
MOST_PEOPLE = 100_000_000
# Not JSON: a reader of FHIR would take it for a broken resource.
MARK = "synthesis.yaml"
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
SECOND_BIRTH_DAYS = 400


@dataclass(frozen=True)
class Wanted:
    """What to make: how many people, by which seed, in which format, as of which day, how dirty, CSV or Parquet."""

    people: int
    seed: int
    format: str
    on: date
    dirt: str = "usual"
    csv: bool = False

    def check(self) -> None:
        """Raise CobalaminError for what cannot be made."""
        if not 1 <= self.people <= MOST_PEOPLE:
            raise CobalaminError(f"--people is {self.people:,}; give a number from 1 to {MOST_PEOPLE:,}.")
        if self.seed < 0:
            raise CobalaminError(f"--seed is {self.seed}; give 0 or a positive number.")
        if self.format not in FORMATS:
            raise CobalaminError(f'--format "{self.format}" is not known. There are: {", ".join(FORMATS)}.')
        if self.dirt not in DIRT:
            raise CobalaminError(f'--dirt "{self.dirt}" is not known. There are: {", ".join(DIRT)}.')
        if not EARLIEST <= self.on <= LATEST:
            raise CobalaminError(f"--on {self.on} is out of reach; give a day from {EARLIEST} to {LATEST}.")
        if self.csv and self.format not in ("tables", "omop"):
            raise CobalaminError(f"--csv goes with tables and omop; {self.format} has a form of its own.")


class Writer(Protocol):
    """What every format offers: take chunks, then finish."""

    def add(self, chunk: Chunk) -> None:
        """Append one chunk."""

    def close(self) -> None:
        """Finish all files."""


def synthesise(
    wanted: Wanted, out: Path, *, force: bool = False, progress: Callable[[int], object] | None = None
) -> Path:
    """Write the practice into a folder that appears whole or not at all; its absolute path.

    Raises CobalaminError for what cannot be made, and where the folder is in the way.
    """
    wanted.check()
    return write_whole(out, MARK, lambda folder: _fill(wanted, folder, progress), force=force)


def _fill(wanted: Wanted, folder: Path, progress: Callable[[int], object] | None) -> None:
    from cobalamin.population.writers import writer_for

    writer = writer_for(wanted.format, folder, wanted.on, csv=wanted.csv)
    with Sheets(folder) as truth:
        for chunk, true in chunks(wanted):
            writer.add(chunk)
            truth.add("truth", true)
            if progress:
                progress(chunk.people.height)
    writer.close()
    (folder / "README.md").write_text(read_me(wanted), encoding="utf-8")
    about = (
        f"synthetic: true\npeople: {wanted.people}\nseed: {wanted.seed}\nformat: {wanted.format}\n"
        f"on: {wanted.on}\ndirt: {wanted.dirt}\n"
    )
    (folder / MARK).write_text(about, encoding="utf-8")


def chunks(wanted: Wanted) -> Iterator[tuple[Chunk, pl.DataFrame]]:
    """Records and truth of each chunk. A chunk rests on the seed and its own number, so a larger practice begins with
    the people of a smaller one."""
    for number, first in enumerate(range(0, wanted.people, PEOPLE_A_CHUNK)):
        size = min(PEOPLE_A_CHUNK, wanted.people - first)
        yield made(wanted, number, size)


def made(wanted: Wanted, number: int, size: int) -> tuple[Chunk, pl.DataFrame]:
    """One chunk: everybody is made, the first `size` are kept."""
    life = live(PEOPLE_A_CHUNK, wanted.seed, number)
    # A stream of its own: what is entered wrongly changes nobody's life.
    rng = np.random.default_rng(np.random.SeedSequence([wanted.seed, number, 1]))
    recorded = record_of(life, facts_of(life), rng, clean=wanted.dirt == "none")
    first = number * PEOPLE_A_CHUNK + 1
    numbers = range(first, first + PEOPLE_A_CHUNK)
    ids = virtual_ids(numbers)
    chunk = Chunk(
        wanted.on, _people(life, recorded, numbers, wanted.on).head(size), _rows(recorded, first, size, wanted.on)
    )
    return chunk, truth_of(life, ids, wanted.on, recorded.dirt).head(size)


def virtual_ids(numbers: range) -> list[str]:
    """Ids that nobody takes for those of real people."""
    return [f"{VIRTUAL_ID}{number}" for number in numbers]


def _people(life: Life, recorded: Recorded, numbers: range, on: date) -> pl.DataFrame:
    people = life.people
    second = np.where(recorded.two_births, people.born - SECOND_BIRTH_DAYS, NEVER)
    return pl.DataFrame(
        {
            "patient_id": virtual_ids(numbers), "number": numbers, "sex": np.where(people.male, "M", "F"),
            "born": dates(people.born, on), "second_birth": dates(second, on), "died": dates(people.died, on),
            "begins": dates(recorded.begins, on),
        }
    )  # fmt: skip


def _rows(recorded: Recorded, first: int, size: int, on: date) -> pl.DataFrame:
    rows = coded(recorded.rows.filter(pl.col("person") < size))
    day = pl.lit(on).dt.offset_by(pl.format("{}d", pl.col("day")))
    end = pl.lit(on).dt.offset_by(pl.format("{}d", pl.col("end_day")))
    number = pl.col("person") + first
    patient_id = pl.lit(VIRTUAL_ID) + number.cast(pl.String)
    return rows.with_columns(number=number, patient_id=patient_id, date=day, end_date=end)
