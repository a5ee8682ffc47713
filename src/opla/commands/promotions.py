"""Check a file of promotions, let it count, list what runs.

./opla promotions check  my-promotions.yaml      every mistake, by file, line and field
./opla promotions import my-promotions.yaml      from now on exactly these run; what is not in the file has ended
./opla promotions list                           what runs, what begins soon, how much of it is used
./opla promotions export > promotions.yaml       what runs now as a file: coupons stay sealed, and come back as they are
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role

if TYPE_CHECKING:
    from opla.core.promotion import Promotion, Promotions

_OWNER = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("check", "import", "list", "export"))
    parser.add_argument("file", nargs="?", type=Path, help="a YAML file, for check and import")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act in ("check", "import") and arguments.file is None:
        raise Stop("file_unreadable", f"Which file? ./opla promotions {arguments.act} FILE")
    with running():
        from opla.operations.read_catalog import CatalogFileError

        try:
            answer, told = {"check": _check, "import": _import, "list": _list, "export": _export}[arguments.act](
                arguments.file
            )
        except CatalogFileError as problem:
            raise Stop("file_unreadable", str(problem)) from None
        except OSError as problem:
            raise Stop("file_unreadable", f"{arguments.file}: {problem.strerror}") from None
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
    return 0


def _check(file: Path) -> tuple[dict[str, object], str]:
    from opla.operations import catalogue
    from opla.operations.read_promotions import read_promotions

    read_promotions(file, catalogue.active()[1])
    return {"promotions": "valid"}, f"{file} is valid."


def _import(file: Path) -> tuple[dict[str, object], str]:
    from opla.core.refusal import Refusal
    from opla.operations.promotions import import_promotions
    from opla.operations.shop import current
    from opla.presenting.refusals import sentence

    shop, at = current(), datetime.now(UTC)
    made = import_promotions(_OWNER, file, keyring=shop.keyring, sandbox=shop.sandbox, at=at)
    if isinstance(made, Refusal):
        raise Stop(made.code, sentence(made))
    version, promotions = made
    answer, told = _listed(promotions, at)
    return {"version": version, **answer}, f"{told}\nThis is version {version}. It counts from now on."


def _list(_file: Path | None) -> tuple[dict[str, object], str]:
    from opla.operations.promotions import active

    return _listed(active()[1], datetime.now(UTC))


def _export(_file: Path | None) -> tuple[dict[str, object], str]:
    from opla.core.refusal import Refusal
    from opla.operations.promotions import export

    text = export(_OWNER)
    if isinstance(text, Refusal):
        raise Stop(text.code, f"refused: {text.code}")
    return {"file": text}, text.rstrip("\n") or "# No promotions."


def _listed(promotions: Promotions, at: datetime) -> tuple[dict[str, object], str]:
    from opla.db.queries.promotions import uses

    used = uses([promotion.id for promotion in promotions.ours], [])
    rows = [_row(promotion, used.get((promotion.id, b""), 0), at) for promotion in promotions.ours]
    theirs = [
        {"id": p.id, "operator": p.operator, "state": "runs" if p.runs(at) else "not now"} for p in promotions.theirs
    ]
    told = [f"{row['id']:<24}{row['state']:<12}{_of(row)}" for row in rows]
    told += [f"{row['id']:<24}{row['state']:<12}of {row['operator']}: told, never counted" for row in theirs]
    return {"ours": rows, "theirs": theirs, "sample": promotions.sample}, "\n".join(told) or "No promotions."


def _row(promotion: Promotion, used: int, at: datetime) -> dict[str, object]:
    window = promotion.window
    state = "runs" if window.runs(at) else "is over" if window.over(at) else "to come"
    return {
        "id": promotion.id,
        "state": state,
        "from": window.start.isoformat(),
        "until": window.until.isoformat() if window.until is not None else None,
        "used": used,
        "most_uses": promotion.most_uses,
    }


def _of(row: dict[str, object]) -> str:
    of = f" of {row['most_uses']}" if row["most_uses"] else ""
    return f"used {row['used']}{of}, until {row['until'] or 'you end it'}"
