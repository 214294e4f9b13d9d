"""The kernel over populations: chunks of whole people, in one process or in several."""

from cobalamin.engine.local import PEOPLE_A_CHUNK, chunks_of, event_file, run

__all__ = ["PEOPLE_A_CHUNK", "chunks_of", "event_file", "run"]
