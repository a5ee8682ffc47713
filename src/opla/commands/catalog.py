"""Check a catalogue file, propose it, approve it: what is sold changes only by approval.

./opla catalog check  catalogs/belgium.yaml      every mistake, by file, line and field; then, by product, which
                                                 figures are missing to say what it does. A *.sample.yaml is
                                                 checked over the file it belongs to
./opla catalog import catalogs/belgium.yaml      keep it as a proposal, and show what it would change
./opla catalog approve 2                         sell from version 2 from now on
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.catalog import Catalog
from opla.core.refusal import Refusal

_SAMPLE = ".sample.yaml"
_OWNER = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("check", "import", "approve"))
    parser.add_argument("what", help="a YAML file; for approve, a version number")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    from opla.operations.read_catalog import CatalogFileError

    try:
        if arguments.act == "check":
            _check(arguments)
        elif arguments.act == "import":
            _import(arguments)
        else:
            _approve(arguments)
    except CatalogFileError as problem:
        raise Stop("file_unreadable", str(problem)) from None
    except OSError as problem:
        raise Stop("file_unreadable", f"{arguments.what}: {problem.strerror}") from None
    return 0


def _check(arguments: argparse.Namespace) -> None:
    from opla.core.catalog import parse
    from opla.operations.read_catalog import read_catalog

    path = Path(arguments.what)
    base = path.with_name(path.name.removesuffix(_SAMPLE) + ".yaml") if path.name.endswith(_SAMPLE) else path
    missing = dict(_missing(parse(read_catalog(base, path if path != base else None))))
    lines = [f"{sku}: not known: {', '.join(cells)}" for sku, cells in missing.items()]
    told = [f"{path} is a valid catalogue.", *(["What these do cannot be computed yet:", *lines] if lines else [])]
    _say(arguments, {"catalog": "valid", "missing": missing}, "\n".join(told))


def _missing(catalog: Catalog) -> Iterator[tuple[str, list[str]]]:
    """The products that nobody can say the effect of, and the cells that would let them."""
    from opla.core.catalog import PriceKind
    from opla.core.effects import Unknown, effect_of

    for product in (*catalog.products, *catalog.bundles):
        effect = effect_of(product, product.min_minor if product.kind is PriceKind.RANGED else None)
        if isinstance(effect, Unknown):
            yield product.sku, list(effect.cells)


def _import(arguments: argparse.Namespace) -> None:
    with running():
        from django.conf import settings

        from opla.operations import catalogue

        found = catalogue.propose(_OWNER, Path(arguments.what), sandbox=settings.SANDBOX, at=datetime.now(UTC))
    if isinstance(found, Refusal):
        raise Stop(found.code, f"refused: {found.code}")
    version, changes = found
    lines = [str(change) for change in changes] or ["It changes nothing."]
    told = "\n".join([*lines, "", f"Kept as version {version}. To sell from it: ./opla catalog approve {version}"])
    _say(arguments, {"version": version, "changes": [str(change) for change in changes]}, told)


def _approve(arguments: argparse.Namespace) -> None:
    if not arguments.what.isdecimal():
        raise Stop("not_found", f"{arguments.what} is no version number.")
    with running():
        from opla.operations import catalogue

        refused = catalogue.approve(_OWNER, int(arguments.what))
    if refused is not None:
        raise Stop(refused.code, f"Version {arguments.what} is not waiting for approval.")
    _say(arguments, {"active": int(arguments.what)}, f"Version {arguments.what} is sold from now on.")


def _say(arguments: argparse.Namespace, answer: dict[str, object], told: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
