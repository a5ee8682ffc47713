"""The second step: on only when the app has answered, asked after the link, each code once, few tries."""

from __future__ import annotations

import base64
import re

import pytest

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.core import one_time
from opla.core.refusal import Code, Refusal
from opla.db.models import Customer, RecoveryCode
from opla.db.queries.call import select
from opla.operations import limits, passkeys, second_step
from surfaces.conftest import Door, Visitor
from surfaces.test_signing_in import ANA, ask, sign_in


class App:
    """What an authenticator app knows: the key, and the time."""

    def __init__(self, door: Door, page: str) -> None:
        [written] = re.findall(r'<span class="key">([A-Z2-7 ]+)</span>', page)
        assert f"secret={written.replace(' ', '')}&amp;" in page
        self._key, self._door = base64.b32decode(written.replace(" ", "")), door

    def digits(self) -> str:
        return one_time.digits(self._key, one_time.step_at(self._door.world.clock()))


def turned_on(door: Door) -> tuple[App, list[str]]:
    sign_in(door, door.owner)
    app = App(door, door.owner.get("/me/security/step/").html)
    page = door.owner.post("/me/security/step/", {"digits": app.digits()})
    codes = re.findall(r"<li>((?:[a-z2-7]{4}-){3}[a-z2-7]{4})</li>", page.html)
    assert len(set(codes)) == second_step.CODES
    door.world.work()
    assert door.world.mailbox.sent[-1].subject == "sign_in_changed"
    door.world.clock.tick(60)
    return app, codes


def test_after_the_link_the_six_digits_are_asked_and_the_link_alone_signs_nobody_in(door: Door) -> None:
    app, _ = turned_on(door)
    link = ask(door, door.colleague)
    assert "Six digits from your app" in door.colleague.get(link).text
    assert door.colleague.post(link).status == 422
    wrong = door.colleague.post(link, {"digits": "000000" if app.digits() != "000000" else "000001"})
    assert "do not fit" in wrong.error("digits")
    assert door.colleague.get("/me/").where == "/me/in/"
    digits = app.digits()
    assert door.colleague.post(link, {"digits": f"{digits[:3]} {digits[3:]}"}).where == "/me/"


def test_digits_that_were_used_do_not_work_again(door: Door) -> None:
    app, _ = turned_on(door)
    digits = app.digits()
    assert door.colleague.post(ask(door, door.colleague), {"digits": digits}).where == "/me/"
    assert door.stranger.post(ask(door, door.stranger), {"digits": digits}).status == 422


def test_a_recovery_code_works_once_and_new_ones_replace_the_old(door: Door) -> None:
    _, codes = turned_on(door)
    assert sign_in_with(door, codes[0].upper()) == "/me/"
    assert sign_in_with(door, codes[0]) == "refused"
    assert "9 recovery codes are left" in door.owner.get("/me/security/").text
    page = door.owner.post("/me/security/codes/")
    assert codes[1] not in page.html
    assert sign_in_with(door, codes[1]) == "refused"


def sign_in_with(door: Door, typed: str) -> str:
    visitor = Visitor()
    page = visitor.post(ask(door, visitor), {"digits": typed})
    return page.where if page.status == 200 else "refused"


def test_five_tries_an_hour_and_then_the_right_ones_wait_too(door: Door) -> None:
    _, codes = turned_on(door)
    door.world.clock.tick(3600)
    link = ask(door, door.colleague)
    seen = [door.colleague.post(link, {"digits": f"{n:06d}"}).status for n in range(limits.STEPS.most + 1)]
    assert seen == [422] * limits.STEPS.most + [429]
    assert door.colleague.post(link, {"digits": codes[0]}).status == 429


def test_nobody_locks_themselves_out_with_an_app_that_never_had_the_key(door: Door) -> None:
    sign_in(door, door.owner)
    door.owner.get("/me/security/step/")
    assert door.owner.post("/me/security/step/", {"digits": "123"}).status == 422
    assert sign_in(door, Visitor()).where == "/me/"


def test_the_key_is_sealed_and_never_shown_again(door: Door) -> None:
    app, codes = turned_on(door)
    [(row,)] = select("SELECT s::text FROM second_step s")
    assert app._key.hex() not in str(row)
    assert door.owner.get("/me/security/step/").where == "/me/security/"
    with pytest.raises(ValueError, match="on already"):
        second_step.begin(Customer.objects.get(), shop=door.world.shop, at=door.world.clock())
    kept = " ".join(bytes(code.hash).hex() for code in RecoveryCode.objects.all())
    assert not any(code.replace("-", "").encode().hex() in kept for code in codes)


def test_off_is_off_and_its_codes_are_gone(door: Door) -> None:
    turned_on(door)
    door.owner.post("/me/security/step/off/")
    door.world.work()
    assert RecoveryCode.objects.count() == 0
    assert sign_in(door, Visitor()).where == "/me/"


def test_codes_and_keys_are_each_customers_own(door: Door) -> None:
    _, codes = turned_on(door)
    eve = Visitor()
    sign_in(door, eve, "eve@example.org")
    assert eve.post("/me/security/codes/").status == 404  # she has no second step
    other = Customer.objects.get(email="eve@example.org")
    refused = second_step.check(other, codes[0], shop=door.world.shop, at=door.world.clock())
    assert refused is not None
    assert refused.code is Code.STEP_WRONG
    assert "Second step Off" in eve.get("/me/security/").text


# ── passkeys: what no key says (a real one is in tests/browser) ──

NONSENSE = [
    "",
    "null",
    "[]",
    "{}",
    '{"id": "x"}',
    '{"id":"eA","rawId":"eA","type":"public-key","response":{}}',
    "{" * 9999,
]


@pytest.mark.parametrize("answer", NONSENSE, ids=range(len(NONSENSE)))
def test_what_is_no_passkey_signs_nobody_in_and_is_added_to_nobody(door: Door, answer: str) -> None:
    sign_in(door, door.owner)
    shop, at = door.world.shop, door.world.clock()
    customer = Customer.objects.get(email=ANA)
    for state in ("", "x", passkeys.ask(shop=shop, at=at).state):
        entered = passkeys.enter(state, answer, shop=shop, at=at)
        assert isinstance(entered, Refusal)
        assert entered.code is Code.PASSKEY_WRONG
    state = passkeys.ask_new(customer, shop=shop, at=at).state
    refused = passkeys.add(customer, state, answer, "key", shop=shop, at=at)
    assert refused is not None
    assert door.owner.post("/me/security/passkeys/", {"state": state, "answer": answer}).status == 422
    assert door.stranger.post("/me/passkey/", {"state": state, "answer": answer}).status == 422


def test_a_question_is_of_one_customer_and_of_five_minutes(door: Door) -> None:
    sign_in(door, door.owner)
    shop, at = door.world.shop, door.world.clock()
    customer = Customer.objects.get(email=ANA)
    state = passkeys.ask_new(customer, shop=shop, at=at).state
    assert passkeys._read(state, str(customer.pk), shop, at) is not None
    assert passkeys._read(state, "", shop, at) is None
    assert passkeys._read(state, str(customer.pk), shop, at + passkeys.VALID) is None
    assert passkeys._read(state[:-1], str(customer.pk), shop, at) is None


def test_another_s_passkey_is_not_removed(door: Door) -> None:
    from opla.db.models import Passkey

    sign_in(door, door.owner)
    sign_in(door, door.colleague, "eve@example.org")
    key = Passkey.objects.create(
        credential_id=b"1", customer=Customer.objects.get(email=ANA), public=b"", name="My phone",
        made_at=door.world.clock(),
    )  # fmt: skip
    assert door.colleague.post(f"/me/security/passkeys/{key.pk}/remove/").status == 404
    assert Passkey.objects.count() == 1
    assert "My phone" not in door.colleague.get("/me/security/").text
    door.owner.post(f"/me/security/passkeys/{key.pk}/remove/")
    assert Passkey.objects.count() == 0
