"""Tables with a mapping file → events and ledger: one promise a test."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cobalamin
from cobalamin.errors import CobalaminError
from cobalamin.records.ledger import Ledger
from cobalamin.records.open import read_records
from cobalamin.records.tables import read_tables

SURVEY = Path(cobalamin.__file__).parent / "data" / "nhanes_2011_2012"
WIDE = """
on: 2025-03-04
files:
  - file: people.csv
    patient: id
    columns:
      b12: {concept: lab_b12_total, unit: pg/mL}
      sex: {values: {M: person_male, F: person_female}}
      coeliac: {concept: cond_coeliac, values: {1: present, 2: absent, 7: null}}
"""
LONG = """
files:
  - file: labs.csv
    patient: id
    time: {column: day}
    long: {code: test, system: loinc, value: result, unit: unit, low: from, high: to}
"""
MEDICINES = """
on: 2025-03-04
files:
  - file: medicines.csv
    patient: id
    medicines: {words: drug, started_days_before: days, skip: [999]}
"""


class Tables:
    """A folder with a mapping and its tables, read."""

    def __init__(self, folder: Path, mapping: str, **options: Any) -> None:
        (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
        self.ledger, frames = Ledger(), []
        for intake in read_tables(folder, folder / "mapping.yaml", **options):
            self.ledger.add(intake.ledger)
            frames.append(intake.events.frame)
        self.ledger.check()
        self.events = pl.concat(frames).with_columns(pl.col("concept").cast(pl.String)).to_dicts()

    def of(self, concept: str) -> list[dict[str, Any]]:
        return [row for row in self.events if row["concept"] == concept]


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_every_mapped_cell_is_one_item(tmp_path: Path) -> None:
    write(
        tmp_path,
        "people.csv",
        "id,b12,sex,coeliac,unused",
        "a,150,F,1,x",
        "b,,M,2,y",
        "c,<30,F,7,z",
        "d,high,M,4,",
    )
    read = Tables(tmp_path, WIDE)
    assert read.ledger.items_in == 12
    assert read.ledger.used == 9
    assert read.ledger.not_relevant.total() == 2
    assert read.ledger.examples == [
        {
            "item": "cond_coeliac",
            "reason": "a code that the mapping does not list",
            "source": "people.csv:5 coeliac",
        }
    ]


def test_wide_cells_become_results_words_and_facts(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id,b12,sex,coeliac", "a,150,F,1", "b,<30,M,2", "c,high,M,7")
    read = Tables(tmp_path, WIDE)
    measured, censored, worded = read.of("lab_b12_total")
    assert (measured["value"], measured["unit"]) == (150 * 0.7378, "pg/mL")
    assert (censored["comparator"], censored["value"], censored["text"]) == ("<", 30 * 0.7378, "<30")
    assert (worded["value"], worded["flag"]) == (None, "high")
    assert [(row["present"], row["until"]) for row in read.of("cond_coeliac")] == [
        (True, None),
        (False, datetime(2025, 3, 4)),
    ]
    assert {row["patient_id"] for row in read.of("person_female")} == {"a"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,2025-01-02,2132-9,150,,,", "a result without a unit"),
        ("a,2025-01-02,2132-9,150,ng,,", 'unit "ng" cannot be used'),
        ("a,2025-01-02,718-7,13.5,g/L,,", None),
        ("a,2025-01-02,718-7,1350,g/dL,,", "impossible value"),
        ("a,2025-01-02,718-7,-3,g/dL,,", "impossible value"),
        ("a,2025-01-02,2132-9,hallo,pg/mL,,", "a result in words that are not understood"),
        ("a,,2132-9,150,pg/mL,,", "no date"),
        ("a,soon,2132-9,150,pg/mL,,", "a date that cannot be read"),
        ("a,2031-01-02,2132-9,150,pg/mL,,", "dated in the future"),
        (",2025-01-02,2132-9,150,pg/mL,,", "no patient id"),
    ],
)
def test_row_that_cannot_be_used_is_set_aside_with_its_line(tmp_path: Path, line: str, reason: str | None) -> None:
    write(tmp_path, "labs.csv", "id,day,test,result,unit,from,to", line, "b,2025-01-02,2132-9,150,pg/mL,,")
    read = Tables(tmp_path, LONG, not_after=date(2026, 1, 15))
    assert list(read.ledger.set_aside) == ([reason] if reason else [])
    assert [each["source"] for each in read.ledger.examples] == (["labs.csv:2"] if reason else [])
    assert len(read.of("lab_b12_total")) == 1


def test_long_rows_keep_time_and_printed_range(tmp_path: Path) -> None:
    write(
        tmp_path,
        "labs.csv",
        "id,day,test,result,unit,from,to",
        "a,2025-01-02 08:30:00,2132-9,150,pg/mL,200,900",
    )
    (row,) = Tables(tmp_path, LONG).events
    assert (row["time"], row["precision"]) == (datetime(2025, 1, 2, 8, 30), "second")
    assert (row["low"], row["high"]) == (200 * 0.7378, 900 * 0.7378)


def test_code_without_a_concept_is_counted_as_not_relevant(tmp_path: Path) -> None:
    write(tmp_path, "labs.csv", "id,day,test,result,unit,from,to", "a,2025-01-02,2345-7,90,mg/dL,,")
    assert Tables(tmp_path, LONG).ledger.not_relevant.total() == 1


def test_medicine_begins_as_many_days_ago_as_it_was_taken(tmp_path: Path) -> None:
    write(tmp_path, "medicines.csv", "id,drug,days", "a,METFORMIN,365", "a,999,1", "a,OMEPRAZOLE,99999", "b,,")
    read = Tables(tmp_path, MEDICINES)
    assert read.of("drug_metformin")[0]["time"] == datetime(2024, 3, 4)
    assert read.of("drug_ppi_omeprazole")[0]["time"] == datetime(2025, 3, 4)
    assert (read.ledger.used, read.ledger.not_relevant.total()) == (2, 2)


def test_single_vitamin_is_no_multivitamin(tmp_path: Path) -> None:
    write(tmp_path, "medicines.csv", "id,drug,days", "a,VITAMIN D,10", "a,MULTIVITAMIN,10")
    assert len(Tables(tmp_path, MEDICINES).of("tx_multivitamin_b12")) == 1


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("b12:", "b_12:", r'no column "b_12"; did you mean "b12"'),
        ("lab_b12_total", "lab_b12_totel", r'no concept "lab_b12_totel"; did you mean "lab_b12_total"'),
        ("pg/mL", "furlongs", r'unit "furlongs" is not one we convert for lab_b12_total\. Known: pmol/L'),
        ("columns:", "colums:", r'unknown key; did you mean "columns"'),
        ("people.csv", "peple.csv", r'no file "peple\.csv".*people\.csv'),
        ("files:", "files", "not a mapping that can be read"),
        ("values: {M: person_male, F: person_female}", "values: {M: present}", '"present" of what'),
        ("patient: id", "patient: [1", "not a mapping that can be read"),
    ],
)
def test_wrong_mapping_says_what_was_possible(tmp_path: Path, wrong: str, right: str, message: str) -> None:
    write(tmp_path, "people.csv", "id,b12,sex,coeliac", "a,150,F,1")
    assert wrong in WIDE
    with pytest.raises(CobalaminError, match=message):
        Tables(tmp_path, WIDE.replace(wrong, right))


def test_tables_without_a_mapping_say_that_they_need_one(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id,b12", "a,150")
    with pytest.raises(CobalaminError, match="need a mapping file"):
        read_records(tmp_path)


def test_broken_line_of_a_long_file_costs_itself_alone(tmp_path: Path) -> None:
    lines = [f"a{n},2025-01-02,2132-9,{200 + n % 100},pg/mL,," for n in range(20_000)]
    lines[9_999] = "broken,too,short"
    write(tmp_path, "labs.csv", "id,day,test,result,unit,from,to", *lines)
    read = Tables(tmp_path, LONG)
    assert len(read.events) == 19_999
    assert read.ledger.examples[0]["source"] == "labs.csv:10001"


def test_line_in_another_encoding_costs_itself_alone(tmp_path: Path) -> None:
    head, good = "id,day,test,result,unit,from,to\n", "b,2025-01-02,2132-9,150,pg/mL,,\n"
    (tmp_path / "labs.csv").write_bytes((head + "ä,2025-01-02,2132-9,150,pg/mL,,\n").encode("latin-1") + good.encode())
    read = Tables(tmp_path, LONG)
    assert len(read.events) == 1
    assert list(read.ledger.set_aside) == ["not UTF-8 text; save it as UTF-8"]


def test_truncated_gz_table_is_read_up_to_the_cut(tmp_path: Path) -> None:
    rows = "".join(f"a{n},2025-01-02,2132-9,{200 + n * 7 % 991},pg/mL,,\n" for n in range(20_000))
    packed = gzip.compress(("id,day,test,result,unit,from,to\n" + rows).encode())
    (tmp_path / "labs.csv").write_bytes(packed[: len(packed) // 2])
    read = Tables(tmp_path, LONG)
    assert 1000 < len(read.events) < 20_000
    assert list(read.ledger.set_aside) == ["the file ends early or is damaged; read up to there"]


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id,b12,sex,coeliac", "1,150.5,F,1", "2,,M,2")
    from_csv = Tables(tmp_path, WIDE).events
    frame = pl.DataFrame({"id": [1, 2], "b12": [150.5, None], "sex": ["F", "M"], "coeliac": [1.0, 2.0]})
    frame.write_parquet(tmp_path / "people.parquet")
    from_parquet = Tables(tmp_path, WIDE.replace("people.csv", "people.parquet")).events
    without_source = [{key: value for key, value in row.items() if key != "source"} for row in from_csv]
    assert [{key: value for key, value in row.items() if key != "source"} for row in from_parquet] == without_source


@pytest.fixture(scope="module")
def survey() -> tuple[pl.DataFrame, Ledger]:
    ledger, frames = Ledger(), []
    for intake in read_records(SURVEY):
        ledger.add(intake.ledger)
        frames.append(intake.events.frame)
    return pl.concat(frames), ledger


def test_survey_is_read_whole_and_nothing_is_set_aside(survey: tuple[pl.DataFrame, Ledger]) -> None:
    frame, ledger = survey
    ledger.check()
    assert frame["patient_id"].n_unique() == 9_756
    assert ledger.set_aside == {}


@pytest.mark.parametrize(
    ("concept", "people"),
    [
        ("lab_b12_total", 4_877),
        ("lab_mma_serum", 4_880),
        ("lab_haemoglobin", 7_953),
        ("lab_ttg_iga", 6_903),
        ("drug_metformin", 414),
        ("tx_cyanocobalamin", 4),
    ],
)
def test_survey_holds_as_many_people_as_its_publishers_count(
    survey: tuple[pl.DataFrame, Ledger], concept: str, people: int
) -> None:
    frame, _ = survey
    assert frame.filter(pl.col("concept") == concept)["patient_id"].n_unique() == people


def test_survey_tells_b12_treatment_from_multivitamins(survey: tuple[pl.DataFrame, Ledger]) -> None:
    frame, _ = survey
    treatment = frame.filter(pl.col("concept") == "tx_b12_any")
    multivitamin = frame.filter(pl.col("concept") == "tx_multivitamin_b12")
    assert 250 < treatment.height < 400
    assert multivitamin["value"].max() < 250  # type: ignore[operator]
    assert treatment["route"].unique().to_list() == ["oral"]
