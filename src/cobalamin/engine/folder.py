"""A folder of results that appears whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cobalamin.errors import CobalaminError


def check_target(out: Path, mark: str, *, force: bool) -> None:
    """Raise CobalaminError where the folder may not be written: before hours of work, not after.

    `mark` is the file by which an earlier result of the same kind is known; only such a folder is replaced.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise CobalaminError(f"{out}: is a file. Name a folder that does not exist yet.")
    if not any(out.iterdir()):
        return
    if not force:
        raise CobalaminError(f"{out}: is not empty. Name another folder, or replace an earlier result with --force.")
    if not (out / mark).is_file():
        raise CobalaminError(f"{out}: holds something else than an earlier result, so --force does not replace it.")


def write_whole(out: Path, mark: str, fill: Callable[[Path], None], *, force: bool) -> Path:
    """Let `fill` write into a folder beside, then put it in place; the absolute path of the folder.

    Raises CobalaminError where the folder is in the way or cannot be written; nothing partial is left.
    """
    check_target(out, mark, force=force)
    out = out.absolute()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    except OSError as error:
        raise CobalaminError(f"{out}: cannot be made ({error.strerror}). Name a folder that is yours.") from None
    try:
        fill(made)
        made.chmod(0o755)
        _swap(made, out)
    except OSError as error:
        raise CobalaminError(f"{out}: cannot be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return out


def _swap(made: Path, out: Path) -> None:
    if not out.exists():
        made.rename(out)
        return
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.")) / "old"
    out.rename(old)
    made.rename(out)
    shutil.rmtree(old.parent, ignore_errors=True)
