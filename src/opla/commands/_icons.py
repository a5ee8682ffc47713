"""Write the icons of the installed app from the mark (`opla.presenting.icons`)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[1] / "storefront" / "static" / "storefront" / "icons"


def add_arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: argparse.Namespace) -> int:
    from opla.presenting import icons

    for icon in icons.ICONS:
        (FOLDER / icon.name).write_bytes(icons.png(icon))
        print(icon.name)
    (FOLDER / "maskable.svg").write_text(icons.svg(filled=0.8, radius=0), "utf-8")
    return 0
