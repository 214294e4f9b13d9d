"""Checks that `make check` runs, and the generators of what must not be written by hand."""
