"""The threat model names tests; deploy/ is what it says it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from opla.core.metric import METRICS, Kind

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"


def threats() -> list[list[str]]:
    text = (ROOT / "SECURITY.md").read_text("utf-8").partition("## Who attacks")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def test_every_threat_names_who_what_and_tests_that_exist() -> None:
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    rows = threats()
    assert len(rows) > 15
    for row in rows:
        assert len(row) == 4
        assert all(row), row
        named = re.findall(r"`(test_\w+)`", row[3])
        assert named, row
        assert set(named) <= there, row[0]


HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictSUIDSGID": "yes", "MemoryDenyWriteExecute": "yes",
    "User": "opla", "UMask": "0077", "LimitCORE": "0",
}  # fmt: skip


@pytest.mark.parametrize("unit", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_the_units_give_away_as_little_as_systemd_can_keep(unit: Path) -> None:
    said = dict(line.partition("=")[::2] for line in unit.read_text("utf-8").splitlines() if "=" in line)
    assert {name: said.get(name) for name in HARDENED} == HARDENED
    assert int(said["TimeoutStopSec"]) > 43  # `up` lets what it began come to its end


def test_the_proxies_write_no_addresses_and_believe_no_visitor_about_theirs() -> None:
    nginx = (DEPLOY / "nginx" / "opla.conf").read_text("utf-8")
    assert nginx.count("access_log off;") == nginx.count("server_name")
    assert "X-Forwarded-For $remote_addr" in nginx
    caddy = (DEPLOY / "caddy" / "Caddyfile").read_text("utf-8")
    assert not re.search(r"^\s*log\b", caddy, re.MULTILINE)
    assert caddy.count("X-Forwarded-For {remote_host}") == 1
    assert caddy.count("import shop") == caddy.count("reverse_proxy ")


def test_the_container_runs_as_nobody_and_asks_whether_it_lives() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    assert "USER 10001" in text
    assert "/healthz" in text
    assert "--require-hashes" in text


def alarms() -> list[dict[str, object]]:
    [group] = yaml.safe_load((DEPLOY / "prometheus" / "opla.rules.yml").read_text("utf-8"))["groups"]
    return list(group["rules"])


@pytest.mark.parametrize("alarm", alarms(), ids=lambda alarm: str(alarm["alert"]))
def test_an_alarm_asks_for_figures_there_are_and_says_what_to_do(alarm: dict[str, object]) -> None:
    known = set(METRICS)
    for name, metric in METRICS.items():
        known |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if metric.kind is Kind.HISTOGRAM else set()
    asked = set(re.findall(r"\bopla_\w+", str(alarm["expr"])))
    assert asked <= known
    for name in asked:
        used = re.search(rf"{name}\{{([^}}]*)\}}", str(alarm["expr"]))
        labels = set(re.findall(r"(\w+)\s*[=!]~?", used[1])) if used else set()
        assert labels <= set(METRICS[re.sub(r"_(bucket|count|sum)$", "", name)].labels), name
    annotations = alarm["annotations"]
    assert isinstance(annotations, dict)
    page, _, heading = re.findall(r"docs/howto/[\w\-.#]+", annotations["runbook"])[0].partition("#")
    headings = re.findall(r"^### (\w+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert not heading or heading in {one.lower() for one in headings}
    assert alarm["labels"] in ({"severity": "page"}, {"severity": "ticket"})
