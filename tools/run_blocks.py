"""Output shown in the documentation is real: a marked block is the output of the command named in its mark.

A mark is an HTML comment on the line before a fenced block:

    <!-- output of: cobalamin assess examples/worked_patient.yaml -->
    ```text
    ...
    ```
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tools.problems import ROOT

BLOCK = re.compile(r"(<!-- output of: (?P<command>[^\n]+?) -->\n```\w*\n)(?P<body>.*?)(\n?```)", re.DOTALL)


class CommandFailedError(Exception):
    """A documented command ended with an exit code other than 0 or 1."""


def with_real_output(text: str) -> str:
    """The text with each marked block replaced by what its command prints now."""
    return BLOCK.sub(lambda found: f"{found[1]}{output_of(found['command'])}\n```", text)


def output_of(command: str) -> str:
    """What a `cobalamin ...` command prints, run at the top of the repository at 100 columns."""
    words = shlex.split(command)
    if words[0] != "cobalamin":
        raise CommandFailedError(f"only cobalamin commands are run, not {words[0]!r}")
    program = Path(sys.executable).with_name("cobalamin")
    plain = os.environ | {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    run = subprocess.run([program, *words[1:]], capture_output=True, text=True, cwd=ROOT, env=plain, check=False)
    if run.returncode not in (0, 1):
        raise CommandFailedError(f"{command}: {run.stderr.strip()}")
    return run.stdout.rstrip()
