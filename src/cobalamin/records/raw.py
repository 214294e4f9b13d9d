"""Files as bytes, unpacked where they are gzip, with what can still be read of a damaged one."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from cobalamin.errors import CobalaminError

GZIP = b"\x1f\x8b"
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, OSError)
_PIECE = 1 << 20


def open_plain(file: Path) -> io.BufferedIOBase:
    """A file for reading as bytes, unpacked where its first bytes say gzip, whatever it is called."""
    try:
        with file.open("rb") as raw:
            packed = raw.read(2) == GZIP
        return gzip.open(file) if packed else file.open("rb")
    except OSError as error:
        raise CobalaminError(f"{file}: cannot be opened ({error.strerror}). Check the path and the rights.") from None


def read_what_there_is(file: Path) -> tuple[bytes, bool]:
    """All bytes that can be read, and whether the file is whole. A damaged one loses its last, cut line."""
    pieces: list[bytes] = []
    with open_plain(file) as stream:
        try:
            # `read1` hands over what it has before it meets the damage; `read` would lose all of it.
            while piece := stream.read1(_PIECE):
                pieces.append(piece)
        except DAMAGED:
            content = b"".join(pieces)
            return content[: content.rfind(b"\n") + 1], False
    return b"".join(pieces), True
