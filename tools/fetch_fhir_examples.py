"""Fetch the official FHIR R4 examples (npm package hl7.fhir.r4.examples) into the cache and print the folder.

Uses the npm client, which checks the package against the registry's own hash. About 19 MB, once.
Exit code 1 with one line where npm or the registry cannot be reached.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "hl7.fhir.r4.examples@4.0.1"
CACHE = Path(__file__).resolve().parent.parent / ".make" / "fhir-r4-examples"


def examples_folder() -> Path:
    """The folder of the examples, fetched if it is not there yet. Raises OSError where that fails."""
    if not (CACHE / "package" / "package.json").is_file():
        _fetch()
    return CACHE / "package"


def _fetch() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed")
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    # Unpacked beside the cache and moved whole, so that a broken download leaves nothing behind.
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        archive = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or archive is None:
            raise OSError(f"npm could not fetch {PACKAGE}")
        with tarfile.open(archive) as tar:
            tar.extractall(Path(folder) / "unpacked", filter="data")
        shutil.rmtree(CACHE, ignore_errors=True)
        (Path(folder) / "unpacked").rename(CACHE)


def main() -> int:
    """Print the folder."""
    try:
        sys.stdout.write(f"{examples_folder()}\n")
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"The FHIR examples could not be fetched: {error}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
