"""Tables → events and a ledger: CSV and Parquet, plain or gz, with a mapping file."""

from cobalamin.records.tables.reader import read_tables

__all__ = ["read_tables"]
