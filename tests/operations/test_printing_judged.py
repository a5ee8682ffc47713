"""Our slips as others read them: zbarimg every QR, and emupos' tokenizer every byte (`--full`: npm's `pyodide`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import scanner
from adapters.test_printing import pictures
from fakes import CODE, DIRECT, World
from operations.test_esims import RAW, shelf
from operations.test_printing import CLERK, TILL, asked, delivered, slip
from opla.core.paper import Line, Paper
from opla.core.print_job import Event
from opla.operations.print_jobs import Printing, hand_over, say
from opla.presenting import slips
from opla.printing import escpos

__all__ = ["shelf"]  # the fixture

LANGUAGES = ("en", "fr", "nl", "de", "zh-Hans")
SCRIPT = Path(__file__).with_name("tokens.js")


def printing(world: World, order_id: UUID, *, why: str = "") -> Printing:
    job = asked(world, order_id, why=why)
    found = hand_over(CLERK, job, station=TILL, shop=world.shop, at=world.clock())
    assert isinstance(found, Printing), found
    assert say(CLERK, job, Event.CAME_OUT, station=TILL, at=world.clock()) is None
    return found


def scanned(data: bytes, tmp_path: Path) -> list[str]:
    return [read for picture in pictures(data) if (read := scanner.scanned(picture, tmp_path))]


@scanner.wanted
def test_every_printed_qr_is_read_on_both_papers(shelf: World, tmp_path: Path) -> None:
    esim = printing(shelf, delivered(shelf, "PX-ESIM"))
    code = printing(shelf, delivered(shelf, CODE, "zh-Hans"))
    for paper in Paper:
        assert scanned(escpos.written(slips.rolled(slip(esim), paper), paper), tmp_path) == [RAW]
        [dials] = scanned(escpos.written(slips.rolled(slip(code), paper), paper), tmp_path)
        assert dials.startswith(("tel:", "sms:"))
        assert "0000000000001" in dials


@pytest.mark.full
@pytest.mark.skipif(not os.environ.get("OPLA_JUDGES"), reason="the judges are not here")
def test_another_printer_knows_every_command_and_reads_the_text(shelf: World, tmp_path: Path) -> None:
    about = [printing(shelf, delivered(shelf, "PX-ESIM", "nl"))]
    for language in LANGUAGES:
        order_id = delivered(shelf, CODE, language)
        about += [printing(shelf, order_id), printing(shelf, order_id, why="torn")]
        about.append(printing(shelf, delivered(shelf, DIRECT, language)))
    sent = [(slips.rolled(slip(one), paper), paper) for one in about for paper in Paper]
    judged = read([escpos.written(*one) for one in sent], tmp_path)
    for (strips, _), tokens in zip(sent, judged, strict=True):
        assert [token for token in tokens if "unknown" in token] == []
        commands = [token["command"] for token in tokens if "command" in token]
        assert commands[:3] == ["ESC @", "FS .", "ESC t"]
        assert commands[-1] == "GS V"
        assert (commands.count("GS V"), commands.count("ESC t")) == (1, 1)
        texts = [bytes.fromhex(token["text"]).decode("cp1252") for token in tokens if "text" in token]
        assert texts == [one.text for one in strips if isinstance(one, Line) and one.text]
        assert commands.count("GS v 0") >= len([one for one in strips if not isinstance(one, Line)])


def read(sent: list[bytes], folder: Path) -> list[list[dict[str, Any]]]:
    judges, told = Path(os.environ["OPLA_JUDGES"]), folder / "slips"
    [wheel] = judges.glob("emupos-*.whl")
    told.write_text("\n".join(one.hex() for one in sent))
    answer = subprocess.run(
        [shutil.which("node") or "node", SCRIPT, wheel, told], capture_output=True, text=True, check=False,
        env={"NODE_PATH": str(judges / "node_modules")},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr[-2000:]
    return [json.loads(line) for line in answer.stdout.splitlines()]
