"""Where output goes: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import typer

from cobalamin.errors import CobalaminError


def write_text(text: str, out: Path | None) -> None:
    """Print the text, or write it to a file that appears only when it is complete."""
    if out is None:
        typer.echo(text)
        return
    try:
        handle, name = tempfile.mkstemp(dir=out.parent or Path(), prefix=f".{out.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(out)
    except OSError as error:
        raise CobalaminError(
            f"{out}: cannot be written ({error.strerror}). Name a file in a folder that exists and is yours."
        ) from error
