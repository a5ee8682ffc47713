"""Say where top-ups are sold over a counter: import a file of places, list, export or remove them.

    ./opla places import my-places.csv        or GeoJSON, as the tools of OpenStreetMap write it
    ./opla places list
    ./opla places export > my-places.csv      importing it again changes nothing
    ./opla places remove SOURCE [REF]         one place, or all of a source

A file is checked whole before anything is kept, and every wrong cell is named by row and column. What a file does not
name stays as it was.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role

_OWNER: Final = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("import", "list", "export", "remove"))
    parser.add_argument("what", nargs="?", default="", help="a file to import, or the source to remove")
    parser.add_argument("ref", nargs="?", default="", help="the one place of a source to remove")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act in ("import", "remove") and not arguments.what:
        raise Stop("file_unreadable", f"Which one? ./opla places {arguments.act} …")
    data = _read(Path(arguments.what)) if arguments.act == "import" else b""
    with running():
        match arguments.act:
            case "import":
                answer, told = _import(data)
            case "remove":
                answer, told = _remove(arguments.what, arguments.ref)
            case _:
                answer, told = _shown(exported=arguments.act == "export")
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
    return 0


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise Stop("file_unreadable", f"{file}: {problem.strerror}") from None


def _import(data: bytes) -> tuple[dict[str, object], str]:
    from opla.operations.place_files import import_file
    from opla.operations.shop import current
    from opla.presenting.refusals import sentence

    kept = import_file(_OWNER, data, sandbox=current().sandbox, at=datetime.now(UTC))
    if isinstance(kept, list):
        raise Stop(kept[0].code, "\n".join(sentence(refusal) for refusal in kept))
    told = f"{kept.added} places are new, {kept.changed} changed, {kept.same} were so already."
    return {"added": kept.added, "changed": kept.changed, "same": kept.same}, told


def _remove(source: str, ref: str) -> tuple[dict[str, object], str]:
    from opla.core.refusal import Refusal
    from opla.operations.places import remove

    removed = remove(_OWNER, source=source, ref=ref)
    if isinstance(removed, Refusal):
        raise Stop(removed.code, f"There is no such place: {source} {ref}".rstrip())
    return {"removed": removed}, f"{removed} removed."


def _shown(*, exported: bool) -> tuple[dict[str, object], str]:
    from opla.core.places import cells_in
    from opla.operations.place_files import write_file
    from opla.operations.places import known
    from opla.operations.shop import current

    places = known(sandbox=current().sandbox)
    answer: dict[str, object] = {"places": [cells_in(place) for place in places]}
    if exported:
        return answer, write_file(places).rstrip("\r\n")
    lines = [f"{p.source:<14}{p.ref:<26}{p.kind:<16}{p.name or p.street}, {p.postcode} {p.city}" for p in places]
    return answer, "\n".join(lines) or "No places."
