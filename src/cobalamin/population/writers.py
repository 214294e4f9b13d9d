"""The writer of each format by name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from cobalamin.population.synthesise import Writer
from cobalamin.population.write_fhir import FhirWriter
from cobalamin.population.write_meds import MedsWriter
from cobalamin.population.write_omop import OmopWriter
from cobalamin.population.write_tables import TablesWriter


def writer_for(form: str, folder: Path, on: date, *, csv: bool) -> Writer:
    """A writer that fills the folder; `form` is one of `synthesise.FORMATS`."""
    if form == "fhir":
        return FhirWriter(folder, on)
    if form == "meds":
        return MedsWriter(folder, on)
    return OmopWriter(folder, on, csv=csv) if form == "omop" else TablesWriter(folder, on, csv=csv)
