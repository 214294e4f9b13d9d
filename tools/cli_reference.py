"""The reference of the command line, taken from the program's own help."""

from __future__ import annotations

from typing import Any


def page(app: Any) -> str:
    """Every command with its arguments and options, as Markdown."""
    from typer.main import get_command

    lines = ["# The command line", "", "Written from the program's own help. Exit codes: 0 done, 1 done but"]
    lines += ["something was set aside (with `--strict`), 2 the input or the command cannot be used.", ""]
    lines += _command(get_command(app), "cobalamin")
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any, name: str) -> list[str]:
    lines = [f"## `{name}`", "", (command.help or "").strip(), ""]
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    if shown:
        lines += ["| argument or option | default | meaning |", "| --- | --- | --- |"]
        lines += [_parameter(parameter) for parameter in shown]
        lines.append("")
    for one in getattr(command, "commands", {}).values():
        if not one.hidden:
            lines += _command(one, f"{name} {one.name}")
    return lines


def _parameter(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if is_option else str(parameter.metavar or parameter.name).upper()
    default = "" if parameter.default is None or callable(parameter.default) else str(parameter.default)
    meaning = (getattr(parameter, "help", "") or "").replace("\n", " ").replace("|", "\\|")
    return f"| `{name}` | {default} | {meaning} |"
