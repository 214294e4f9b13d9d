"""The kernel over populations: chunks of whole people, in one process or in several."""

from cobalamin.engine.files import FileSlice, event_file, write_events
from cobalamin.engine.local import PEOPLE_A_CHUNK, chunks_of, run

__all__ = ["PEOPLE_A_CHUNK", "FileSlice", "chunks_of", "event_file", "run", "write_events"]
