"""A short storm over a real shop: nothing is lost or twice, and the same evidence with a lie in it does not pass."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opla.commands.purge import remove
from opla.db.instance import locate

SOURCE = Path(__file__).resolve().parents[2] / "src"

#: The command as anybody calls it, but for two things: nobody in it is patient (a day passes anyway), and after the
#: true judgement the other side's own log gets one more line, and everything is judged once more.
_STORM = """
import json, sys
from opla.__main__ import main
from opla.commands import chaos

def run(minutes, seed, folder, true_run=chaos._run):
    import django
    true_setup = django.setup
    def setup():
        true_setup()
        from opla.counterparts import place
        from opla.proving.chaos import course, street
        course.PATIENCE_S, course._CUSTOMERS, course._LEAST_STRIKES = 0.0, 8, 4
        street._LOOKS_S, street._PRESSES = 3.0, 8
        true_judge = course.Course._judge
        def judge(self, at):
            log = place.log_path(self._outside)
            true_judge(self, at)
            found, whole = self.outcome.findings, log.read_bytes()
            lie = {"what": "payment.refunded", "at_ms": 1, "id": "sp_0", "reference": "a lie", "amount_minor": 1}
            log.write_bytes(whole + json.dumps([lie]).encode() + b"\\n")
            true_judge(self, at)
            sys.stderr.write(f"planted: {[str(one.broken) for one in self.outcome.findings]}\\n")
            self.outcome.findings = found
        course.Course._judge = judge
    django.setup = setup
    return true_run(minutes, seed, folder)

chaos._run = run
sys.exit(main(["chaos", "--minutes", "0.1", "--json"]))
"""


@pytest.mark.full
def test_a_short_storm_loses_nothing_and_a_refund_that_only_they_know_is_found() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", _STORM],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if kept := re.search(r"kept to be looked at: (\S+)", done.stderr):
        remove(locate(Path(kept[1], "var")))
        shutil.rmtree(kept[1])
    found = json.loads(done.stdout)
    assert {found[name] for name in ("lost", "twice", "untrue", "unbalanced")} == {0}, done.stderr
    assert found["orders"] == found["delivered"] + found["refunded"] + found["cancelled"] > 0, done.stderr
    assert found["acknowledged"] <= found["orders"]
    assert sum(found["kills"].values()) > 0
    assert set(found["network"]) == {"web", "outside", "database"}
    assert found["deaf"] == []
    assert done.returncode == int(found["still_moving"] > 0), done.stderr
    assert "planted: ['untrue']" in done.stderr
