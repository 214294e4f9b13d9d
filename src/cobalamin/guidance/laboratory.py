"""A laboratory's own thresholds: one small YAML file that replaces numbers of a guideline by name.

laboratory: Royal United Hospital, Bath          # who says so
source: {clause: "pathology test 316, December 2024", certainty: seen}
thresholds:
  total_b12_deficient: {values: [{value: 145, unit: ng/L}]}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cobalamin.errors import CobalaminError

_EXAMPLE = (
    'Write: laboratory: NAME; source: {clause: "where it stands", certainty: seen}; '
    "thresholds: {total_b12_deficient: {values: [{value: 145, unit: ng/L}]}}"
)


def read_laboratory(path: Path) -> dict[str, Any]:
    """Thresholds by name, in the form `load(overrides=...)` takes. Raises CobalaminError naming the place."""
    from pydantic import ValidationError

    from cobalamin.guidance.build import read_yaml
    from cobalamin.guidance.schema import SourceYaml, ThresholdYaml

    if not path.is_file():
        raise CobalaminError(f"{path}: no such file. Give the laboratory's thresholds as a YAML file.")
    raw = read_yaml(path)
    if not isinstance(raw, dict) or not isinstance(raw.get("thresholds"), dict):
        raise CobalaminError(f"{path}: a laboratory file has the keys laboratory, source and thresholds. {_EXAMPLE}")
    try:
        source = SourceYaml.model_validate(raw.get("source")).model_dump()
        found = {}
        for name, threshold in raw["thresholds"].items():
            model = ThresholdYaml.model_validate({"source": source, **threshold})
            found[str(name)] = model.model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CobalaminError(
            f"{path}: {error.title.removesuffix('Yaml').lower()} {place}: {first['msg']}. {_EXAMPLE}"
        ) from None
    except TypeError:
        raise CobalaminError(f"{path}: a threshold is a mapping. {_EXAMPLE}") from None
    return found
