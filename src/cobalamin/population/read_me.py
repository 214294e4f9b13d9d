"""The page that lies beside every virtual practice: what it is, what its columns mean, what it must not be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cobalamin.population.truth import columns

if TYPE_CHECKING:
    from cobalamin.population.synthesise import Wanted

FILES = {
    "fhir": {"*.ndjson": "FHIR R4, one resource a line, one file a kind of resource"},
    "tables": {
        "people": "one row a person: sex, birth, death, registration (two rows for two birth dates)",
        "results": "one row a laboratory result: code (LOINC or local), value as printed, unit, status",
        "injections": "one row an injection given: product (dm+d), dose, route",
        "medicines": "one row a medicine or schedule: from when, until when (empty: it runs), dose, days between doses",
        "problems": "one row a diagnosis, operation, symptom or note: code (SNOMED CT or local)",
        "mapping.yaml": "which column means what, for `cobalamin audit`",
    },
    "omop": {
        "person, death, observation_period, measurement, drug_exposure, condition_occurrence, procedure_occurrence, "
        "observation": "OMOP CDM 5.4; concept id 0 where the vocabulary of cobalamin knows none",
        "mapping.yaml": "which column means what, for `cobalamin audit`",
    },
    "meds": {
        "data/*.parquet": "subject_id, time, code, numeric_value, text_value, and unit, kind, route, every_days, end",
        "metadata/codes.parquet, metadata/dataset.json": "codes with their descriptions, and what the data set is",
        "mapping.yaml": "which column means what, for `cobalamin audit`",
    },
}  # fmt: skip


def read_me(wanted: Wanted) -> str:
    """The page as Markdown."""
    files = "\n".join(f"| `{name}` | {what} |" for name, what in FILES[wanted.format].items())
    named = "\n".join(f"| `{name}` | {what} |" for name, (_, what) in columns().items())
    said = "as records are: some entries missing or wrong" if wanted.dirt == "usual" else "complete and without fault"
    command = (
        f"cobalamin synthesise --people {wanted.people} --seed {wanted.seed} --format {wanted.format} --on {wanted.on}"
    )
    command += " --dirt none" if wanted.dirt == "none" else ""
    command += " --csv" if wanted.csv else ""
    return f"""# A virtual practice of {wanted.people:,} people

**Nobody in it exists.** It was made by `{command} --out DIR`, and the same command makes it again.
It teaches and tests; it says nothing about how common anything is in any real place, and nothing about any person.

The bodies are those of cobalamin's model of vitamin B12; who has what, is tested, treated and comes late is drawn by
rates (`src/cobalamin/population/*.csv`, each with a source or marked as chosen). The records are {said}.
Licence: that of cobalamin (Apache-2.0).

| file | content |
| --- | --- |
{files}
| `truth.parquet` | what was really so, one row a person; never part of the records |
| `synthesis.yaml` | how it was made |

`cobalamin audit DIR --truth DIR/truth.parquet --out audit` judges the audit by the truth.

## The columns of truth.parquet

| column | meaning |
| --- | --- |
{named}
"""
