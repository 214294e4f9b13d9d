"""FHIR R4 → events and a ledger: Bundles, single resources, NDJSON, plain or gz, files or folders."""

from cobalamin.records.fhir.reader import read_fhir

__all__ = ["read_fhir"]
