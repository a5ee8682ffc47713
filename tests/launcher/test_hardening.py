"""What doctor holds a real shop to: each rule by what breaks it, and a shop that breaks none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opla.commands._hardening import Facts, judged

LIVE = {
    "OPLA_SANDBOX": "0",
    "OPLA_URL": "https://shop.example.org",
    "OPLA_HOSTS": "shop.example.org,127.0.0.1",
    "OPLA_PROXIES": "1",
    "OPLA_METRICS_TOKEN": "a-token-of-some-length",
}
SOUND = Facts(LIVE)


def test_a_shop_that_is_set_up_as_it_should_be_hears_no_complaint() -> None:
    assert [sentence for fine, sentence in judged(SOUND) if not fine] == []


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"environ": {**LIVE, "OPLA_DEBUG": "1"}}, "OPLA_DEBUG prints tracebacks"),
    ({"environ": {**LIVE, "OPLA_URL": "http://shop.example.org"}}, "cookies travel in the clear"),
    ({"environ": {**LIVE, "OPLA_URL": "", "OPLA_HOSTS": "127.0.0.1"}}, "cookies travel in the clear"),
    ({"environ": {**LIVE, "OPLA_PROXIES": "0"}}, "OPLA_PROXIES is 0 behind TLS"),
    ({"environ": {**LIVE, "OPLA_HOSTS": "*"}}, "and no *"),
    ({"environ": {**LIVE, "OPLA_HOSTS": "127.0.0.1"}}, "OPLA_HOSTS is to name shop.example.org"),
    ({"environ": {**LIVE, "OPLA_METRICS_TOKEN": "secret"}}, "OPLA_METRICS_TOKEN has 6 characters"),
    ({"our_uid": 0, "keys_uid": 0}, "it runs as root"),
    ({"core_dumps": True}, "ulimit -c 0"),
    ({"keys_mode": 0o640}, "others may read the keys"),
    ({"keys_uid": 1001}, "others may read the keys"),
    ({"var_mode": 0o777}, "everybody may write into"),
    ({"open_files": ("OPLA_PAYMENTS_MOLLIE_KEY",)}, "the files of OPLA_PAYMENTS_MOLLIE_KEY"),
    ({"powers": ("do everything",)}, "the shop's role in the database may do everything"),
    ({"one_role": True}, "set DATABASE_OWNER_URL"),
    ({"clock_apart_s": 7.0}, "is +7 s from the database's"),
    ({"clock_kept": False}, "nobody sets this machine's clock"),
]


@pytest.mark.parametrize(("broken", "says"), BROKEN, ids=[says for _, says in BROKEN])
def test_each_rule_says_what_is_wrong_and_a_sandbox_may_leave_it_so(broken: dict[str, Any], says: str) -> None:
    facts = replace(SOUND, **broken)
    [told] = [sentence for fine, sentence in judged(facts) if not fine]
    assert says in told
    sandbox = replace(facts, environ={**facts.environ, "OPLA_SANDBOX": "1"})
    assert [sentence for fine, sentence in judged(sandbox) if not fine] == []


def test_a_sandbox_under_a_public_name_is_named() -> None:
    told = [sentence for _, sentence in judged(Facts({**LIVE, "OPLA_SANDBOX": "1"}))]
    assert [one for one in told if one.startswith("shop.example.org is a sandbox for everybody to see")]
