"""`cobalamin explain TOPIC`: vitamin B12 in plain words."""

from __future__ import annotations

from typing import Annotated

import typer


def explain_command(
    topic: Annotated[list[str] | None, typer.Argument(help="A topic or an everyday question.")] = None,
) -> None:
    """Explain a topic in plain words, each statement with its source.

    Examples: cobalamin explain; cobalamin explain injections; cobalamin explain do I need a shot
    """
    from cobalamin.cli.output import say
    from cobalamin.report.explain import explain, topics

    if not topic:
        say("Topics: cobalamin explain TOPIC\n")
        for name, one in topics().items():
            say(f"  {name:<22} {one.title}")
        return
    say(explain(" ".join(topic)))
