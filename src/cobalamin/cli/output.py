"""Where output goes: whole or not at all, and never a sign that could act on the terminal or the page."""

from __future__ import annotations

import difflib
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from cobalamin.errors import CobalaminError

# Control characters (a terminal obeys some) and marks that turn the direction of writing.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def safe(text: str) -> str:
    """The text without signs that a terminal or a page would obey; each is shown as a replacement character."""
    return _UNSAFE.sub("\ufffd", text)


def json_text(found: object) -> str:
    """Data as JSON, readable, with the same signs written as escapes: nothing is lost and nothing acts."""
    import json

    plain = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    return _UNSAFE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", plain)


def say(text: str) -> None:
    """Print; a reader that has gone away (`| head`) is no error."""
    try:
        typer.echo(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still in the buffer must not raise again when Python closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from None


def write_text(text: str, out: Path | None) -> None:
    """Print the text, or write it to a file that appears only when it is complete."""
    if out is None:
        say(text)
        return
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(out)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise CobalaminError(
            f"{out}: cannot be written ({error.strerror}). Name a file in a folder that exists and is yours."
        ) from None


def did_you_mean(asked: str, known: Iterable[str]) -> str:
    """ "Did you mean X?" for a slip of typing, with a blank before it; "" where nothing is near."""
    names = list(known)
    near = difflib.get_close_matches(asked, names, n=1) or [name for name in names if asked and asked in name][:1]
    return f" Did you mean {near[0]!r}?" if near else ""


def guideline_named(asked: str) -> str:
    """A guideline that ships, by id, or one of your own, by its folder.

    Raises CobalaminError that names the nearest id and all of them, or the place in the folder that is wrong.
    """
    from cobalamin.guidance import available, use_folder

    if Path(asked, "about.yaml").is_file():
        return use_folder(Path(asked))
    names = [name for name in available() if name != "common"]
    if asked not in names:
        raise CobalaminError(f"No guideline {asked!r}.{did_you_mean(asked, names)} Available: {', '.join(names)}.")
    return asked


@contextmanager
def refusal_as_data(*, as_json: bool, out: Path | None) -> Iterator[None]:
    """Where the model does not speak about a person, JSON was asked for and JSON is given: each reason, what to do.

    The message and the exit code stay what they are in every form.
    """
    from cobalamin.outlook.domain import Unspoken

    try:
        yield
    except Unspoken as refusal:
        if as_json:
            write_text(json_text(refusal.as_dict()), out)
        raise
