"""A published engine and ours over the same FHIR people, in one run. See README.md for what is compared.

`python -m benchmarks.beside_peers.run CONTENT --people 400`; CONTENT is a checkout of ecqm-content-r4-2021.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MEASURE = "DiabetesHemoglobinA1cHbA1cPoorControl9FHIR"
LIBRARIES = "bundles/mat/CMS122FHIR-v0-0-015-FHIR-4-0-1"
FILES = f"bundles/measure/{MEASURE}/{MEASURE}-files"
ON = date(2019, 12, 31)


def measure_bundle(content: Path) -> dict[str, Any]:
    """The published measure, its libraries and its value sets, as one Bundle."""
    parts = [json.loads(path.read_text()) for path in sorted((content / LIBRARIES).glob("Measure-*.json"))]
    parts += [json.loads(path.read_text()) for path in sorted((content / LIBRARIES).glob("Library-*.json"))]
    sets = json.loads((content / FILES / f"valuesets-{MEASURE}-bundle.json").read_text())
    entries = [{"resource": part} for part in parts] + [{"resource": one["resource"]} for one in sets["entry"]]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def patients(content: Path, count: int) -> list[dict[str, Any]]:
    """The measure's test patients, repeated under new ids."""
    texts = [path.read_text() for path in sorted((content / FILES).glob("tests-*-Patient-bundle.json"))]
    if not texts:
        sys.exit(f"{content}: no test patients of {MEASURE}. Give a checkout of ecqm-content-r4-2021.")
    return [_renamed(json.loads(texts[number % len(texts)]), number) for number in range(count)]


def _renamed(bundle: dict[str, Any], number: int) -> dict[str, Any]:
    """The bundle as a collection, with ids of its own."""
    text = json.dumps(bundle)
    for entry in bundle["entry"]:
        name = entry["resource"]["id"]
        text = text.replace(f'"{name}"', f'"{name}-{number}"').replace(f'/{name}"', f'/{name}-{number}"')
    return json.loads(text) | {"type": "collection"}


def theirs(folder: Path) -> dict[str, float]:
    """fqm-execution in one Node process."""
    command = [
        "node",
        "--max-old-space-size=8000",
        str(HERE / "peer.js"),
        str(folder / "measure.json"),
        str(folder / "patients.json"),
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"The peer did not run: {ran.stderr.strip()[-400:]}. First: npm install --prefix {HERE}")
    found: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def ours(folder: Path) -> dict[str, float]:
    """Cobalamin in one process of its own, reading included."""
    code = "from benchmarks.beside_peers.run import decide_folder; import sys; decide_folder(sys.argv[1])"
    ran = subprocess.run([sys.executable, "-c", code, str(folder / "fhir")], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return found


def decide_folder(folder: str) -> None:
    """Read a folder of FHIR, decide everybody, and print what it took."""
    import resource

    start = time.perf_counter()
    from cobalamin.engine import run
    from cobalamin.guidance import load
    from cobalamin.records.open import read_records

    parts = run(read_records(folder), load("nice_ng239", ON), ON, workers=1)
    people = sum(assessment.trace.height for assessment, _ in parts)
    seconds = time.perf_counter() - start
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"people": people, "seconds": seconds, "megabytes": megabytes}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("content", type=Path)
    parser.add_argument("--people", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = patients(options.content, options.people)
        (folder / "measure.json").write_text(json.dumps(measure_bundle(options.content)))
        (folder / "patients.json").write_text(json.dumps(people))
        (folder / "fhir").mkdir()
        lines = [json.dumps(entry["resource"]) for bundle in people for entry in bundle["entry"]]
        (folder / "fhir" / "people.ndjson").write_text("\n".join(lines))
        results = {"fqm-execution 1.8.6, CMS122": theirs(folder), "cobalamin, whole B12 decision": ours(folder)}
    for what, found in results.items():
        rate = found["people"] / found["seconds"]
        speed = f"{found['people']:>6,} people  {found['seconds']:8.2f} s  {rate:>9,.0f} people/s"
        print(f"{what:<32} {speed}  {found['megabytes']:6.0f} MB")
    first, second = results.values()
    ratio = (second["people"] / second["seconds"]) / (first["people"] / first["seconds"])
    print(f"ratio of people a second, start and reading included: {ratio:,.0f} to 1")
    return 0


if __name__ == "__main__":
    sys.exit(main())
