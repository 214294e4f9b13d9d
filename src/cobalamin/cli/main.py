"""The command line: what it offers and how it ends. Commands load their weight only when they run."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from cobalamin.cli.adopt import adopt_command
from cobalamin.cli.assess import assess_command
from cobalamin.cli.audit import audit_command
from cobalamin.cli.compare import compare_command
from cobalamin.cli.explain import explain_command
from cobalamin.cli.fit import fit_command
from cobalamin.cli.guidance import guidance_app
from cobalamin.cli.simulate import simulate_command
from cobalamin.cli.synthesise import synthesise_command
from cobalamin.cli.verify import verify_command
from cobalamin.errors import CobalaminError

INTRO = """Decision support for vitamin B12 deficiency: whom to test, what results mean, why, tablets or injections.

It supports a health professional's decision and never replaces it.

Exit codes: 0 done, 1 done but something needs attention, 2 not done (the message says why).
"""

app = typer.Typer(
    help=INTRO,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help: the decorated one takes twice as long to start.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("assess")(assess_command)
app.command("audit")(audit_command)
app.command("adopt")(adopt_command)
app.command("compare")(compare_command)
app.command("explain")(explain_command)
app.command("fit")(fit_command)
app.command("synthesise")(synthesise_command)
app.command("simulate")(simulate_command)
app.command("verify")(verify_command)
app.add_typer(guidance_app, name="guidance")


def version_text() -> str:
    """The installed version."""
    from importlib.metadata import version

    return f"cobalamin {version('cobalamin')}"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version_text())
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that come before a command."""
    del version


INTERRUPTED = 130  # what Typer makes of Ctrl-C


# Starting makes many objects that stay; looking through them again and again took a tenth of the time of a command.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


def app_entry() -> None:
    """Run the command line; a message for the person instead of a traceback."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    try:
        app()
    except CobalaminError as error:
        _refuse(" ".join(str(error).split()))
    except KeyboardInterrupt:
        _refuse("stopped; nothing was written.")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _refuse("stopped; nothing was written.")
        raise
    except BrokenPipeError:
        sys.exit(0)
    except (OSError, MemoryError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        _refuse(f"the system refused ({reason}); nothing was written. Check space, rights and the size of the record.")


def _refuse(message: str) -> None:
    """Say why nothing was done, on one line, and end with exit code 2."""
    from cobalamin.cli.output import safe

    typer.echo(f"cobalamin: {safe(message)}", err=True)
    sys.exit(2)
