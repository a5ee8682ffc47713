"""`./opla plan`: one object on stdout, the keys that programs read, and a refusal that names what fails."""

from __future__ import annotations

import json

import pytest

import support  # noqa: F401 - sets Django up
from opla.__main__ import main

KEYS = {"cost_minor", "currency", "purchases", "left_over", "runners_up", "changes_at", "left_out", "uncertain"}
NEED = ["--data-gb", "8", "--minutes", "120", "--sms", "10", "--days", "70", "--start", "2026-11-22"]


def asked(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, object]]:
    code = main(["plan", *NEED, "--operator", "base", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_the_answer_has_the_keys_that_programs_read(capsys: pytest.CaptureFixture[str]):
    code, answer = asked(capsys)
    assert code == 0
    assert set(answer) >= KEYS
    # 5% off from €20 on, as invented for the sandbox
    assert (answer["cost_minor"], answer["currency"], answer["exact"]) == (5300, "EUR", True)
    purchases = answer["purchases"]
    assert isinstance(purchases, list)
    assert set(purchases[0]) >= {"at", "product", "cost_minor", "reason"}
    assert purchases[0]["at"] == "2026-11-21T23:00:00Z"


def test_a_budget_says_which_days_it_does_not_cover(capsys: pytest.CaptureFixture[str]):
    _, answer = asked(capsys, "--budget", "20")
    assert answer["days_covered"] == 30
    assert answer["not_covered"] == {"from": "2026-12-22", "to": "2027-01-30", "days": 40}


def test_what_cannot_be_covered_is_refused_by_name(capsys: pytest.CaptureFixture[str]):
    code, answer = asked(capsys, "--network", "6g")
    assert code == 1
    refusal = answer["refusal"]
    assert isinstance(refusal, dict)
    assert refusal["code"] == "need_not_covered"
    assert "data" in refusal["message"]


def test_days_abroad_are_drawn_under_each_cap(capsys: pytest.CaptureFixture[str]):
    _, home = asked(capsys)
    _, away = asked(capsys, "--abroad", "FR:60d", "--data-gb", "14")
    assert isinstance(home["cost_minor"], int)
    assert isinstance(away["cost_minor"], int)
    assert away["cost_minor"] > home["cost_minor"]
    assert away["exact"] is False  # rolled data with a cap abroad: the search was cut off, and says so


@pytest.mark.parametrize(
    "wrong", [["--abroad", "US:5d"], ["--abroad", "FR"], ["--operator", "nobody"], ["--days", "0"]]
)
def test_what_means_nothing_is_said_to(capsys: pytest.CaptureFixture[str], wrong: list[str]):
    code, answer = asked(capsys, *wrong)
    assert code != 0
    assert "refusal" in answer


def test_without_json_it_is_told_in_words_with_samples_marked(capsys: pytest.CaptureFixture[str]):
    assert main(["plan", *NEED, "--operator", "base"]) == 0
    told = capsys.readouterr().out
    assert "Cheapest: €53.00, BASE" in told
    assert "SAMPLE" in told
    assert "Not considered" in told


def test_the_words_are_peoples_in_their_language(capsys: pytest.CaptureFixture[str]):
    assert main(["plan", *NEED, "--operator", "base", "--lang", "zh-Hans"]) == 0
    told = capsys.readouterr().out
    assert "最便宜：€53.00，BASE · 新 SIM 卡" in told
    assert "2026年12月22日 · BASE 20 · €19.00 · 优惠减 €1.00 · 这一天流量和通话会不够用" in told
    assert "每 30 天用到 8.6 GB 起：€53.50，BASE（BASE 30、BASE 15、BASE 10）" in told
    assert "BA-20" not in told


def test_the_answer_stands_there_before_what_would_change_it_is_looked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("opla.commands.plan.changes_at", interrupted)
    assert main(["plan", *NEED, "--operator", "base"]) != 0
    assert "Cheapest: €53.00" in capsys.readouterr().out


def test_promotions_and_coupons_are_in_the_price_and_named(capsys: pytest.CaptureFixture[str]):
    _, answer = asked(capsys, "--coupon", "welcome26")
    purchases = answer["purchases"]
    assert isinstance(purchases, list)
    assert [[one["id"] for one in p["promotions"]] for p in purchases] == [["big-top-up"], ["big-top-up"], ["welcome"]]
    assert [p["while_it_lasts"] for p in purchases] == [False, False, True]
    assert (answer["cost_minor"], sum(p["cost_minor"] for p in purchases)) == (5200, 5200)
    code, answer = asked(capsys, "--coupon", "NOSUCHCODE")
    assert code == 1
    assert isinstance(answer["refusal"], dict)
    assert answer["refusal"]["code"] == "coupon_unknown"
