"""Write the reference pages in docs/reference from the tables the program runs by."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import ROOT, VAR

if TYPE_CHECKING:
    from opla.presenting.reference import Command

FOLDER = ROOT / "docs" / "reference"


def add_arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: argparse.Namespace) -> int:
    os.environ["OPLA_VAR"] = str(VAR)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opla.site.settings")
    import django

    django.setup()
    from opla.api import document, v1
    from opla.commands._settings import adapters
    from opla.presenting.reference import pages
    from opla.proving import faults
    from opla.proving.rules.page import rules

    others = {"faults.md": faults.page(), "rules.md": rules(), "openapi.json": document.text(v1.api)}
    for name, text in {**pages(commands(), adapters()), **others}.items():
        (FOLDER / name).write_text(text, "utf-8")
        print(f"docs/reference/{name}")
    return 0


def arguments(name: str) -> list[argparse.Action]:
    """What one command may be given, help aside."""
    parser = argparse.ArgumentParser(add_help=False)
    importlib.import_module(f"opla.commands.{name}").add_arguments(parser)
    return list(parser._actions)  # noqa: SLF001 (argparse has no public list of what it was told)


def commands() -> Iterator[Command]:
    """Every command people may call, with what its parser knows."""
    from opla.presenting.reference import Command, Option

    for name in names():
        told = (importlib.import_module(f"opla.commands.{name}").__doc__ or "").strip()
        yield Command(name, told, [Option(_written(action), action.help or "") for action in arguments(name)])


def names() -> list[str]:
    """The commands people may call, as `./opla` lists them."""
    found = sorted(Path(__file__).parent.glob("[!_]*.py"))
    return [path.stem for path in found if "\ndef run(" in path.read_text("utf-8")]


def _written(action: argparse.Action) -> str:
    if not action.option_strings:
        if action.choices:
            return "|".join(str(choice) for choice in action.choices)
        name = action.dest.upper()
        return f"[{name}]" if action.nargs in {"?", "*", argparse.REMAINDER} else name
    flag = action.option_strings[-1]
    if action.nargs == 0:
        return flag
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return f"{flag} {metavar}" + (" (needed)" if action.required else "")
