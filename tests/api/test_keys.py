"""The door of the API: whose key it is, what it may, from where, until when, how often."""

from __future__ import annotations

from datetime import timedelta

from api.conftest import OWNER, Program, Programs, made
from fakes import START
from opla.core.refusal import Code, Refusal
from opla.db.models import ApiKey
from opla.operations import api_keys


def test_a_key_says_whose_it_is_and_no_key_or_a_wrong_one_is_a_problem(programs: Programs) -> None:
    assert programs.acme.get("/me").body["reseller"] == "acme"
    for program in (programs.nobody, Program("opla_live_" + "0" * 32), Program("x")):
        answer = program.get("/me")
        assert (answer.status, answer.code) == (401, "api_key_wrong")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_method_that_an_address_does_not_have_is_a_problem_that_says_which_it_has(programs: Programs) -> None:
    answer = programs.acme.ask("DELETE", "/orders")
    assert (answer.status, answer.code, answer.headers["Content-Type"]) == (
        405,
        "not_allowed",
        "application/problem+json",
    )
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_problems_are_said_in_the_language_asked_for(programs: Programs) -> None:
    said = programs.nobody.get("/me", **{"accept-language": "fr"}).body["title"]
    assert said != programs.nobody.get("/me").body["title"]


def test_a_key_that_is_over_revoked_or_elsewhere_opens_nothing(programs: Programs) -> None:
    world = programs.world
    over = Program(made(world, "acme", expires_at=world.clock() - timedelta(seconds=1)))
    assert over.get("/me").code == "api_key_expired"
    bound = made(world, "acme", addresses=("203.0.113.0/28",))
    assert Program(bound, "203.0.113.7").get("/me").status == 200
    assert Program(bound, "203.0.113.77").get("/me").code == "api_key_elsewhere"
    newest = api_keys.keys_of("acme")[0]
    assert api_keys.revoke(OWNER, newest.pk, "acme", at=world.clock()) is None
    assert Program(bound).get("/me").code == "api_key_wrong"


def test_nobody_ends_or_changes_the_key_of_another_reseller(programs: Programs) -> None:
    theirs = api_keys.keys_of("bolt")[0]
    assert api_keys.revoke(OWNER, theirs.pk, "acme", at=START) is not None
    assert not isinstance(api_keys.rotate(OWNER, theirs.pk, "acme", shop=programs.world.shop, at=START), api_keys.Key)
    assert programs.bolt.get("/me").status == 200


def test_a_key_that_was_changed_for_another_works_for_a_week_beside_it(programs: Programs) -> None:
    world, old = programs.world, ApiKey.objects.get(reseller="bolt")
    new = api_keys.rotate(OWNER, old.pk, "bolt", shop=world.shop, at=world.clock())
    assert isinstance(new, api_keys.Key)
    assert Program(new.secret).get("/me").body == programs.bolt.get("/me").body
    world.clock.now += api_keys.OVERLAP
    assert programs.bolt.get("/me").code == "api_key_expired"
    assert Program(new.secret).get("/me").status == 200


def test_a_key_that_ends_is_changed_for_one_that_lasts_as_long_and_not_when_it_has_ended(programs: Programs) -> None:
    """Whoever made a key for thirty days did not mean for ever, and nobody wakes a dead one."""
    world = programs.world
    ends = world.clock() + timedelta(days=30)
    old = api_keys.make(OWNER, "acme", api_keys.Terms(expires_at=ends), shop=world.shop, at=world.clock())
    assert isinstance(old, api_keys.Key)
    world.clock.now += timedelta(days=20)
    new = api_keys.rotate(OWNER, old.key_id, "acme", shop=world.shop, at=world.clock())
    assert isinstance(new, api_keys.Key)
    assert new.expires_at == ApiKey.objects.get(id=new.key_id).expires_at == world.clock() + timedelta(days=30)
    world.clock.now += api_keys.OVERLAP
    count = ApiKey.objects.count()
    refused = api_keys.rotate(OWNER, old.key_id, "acme", shop=world.shop, at=world.clock())
    assert refused == Refusal(Code.API_KEY_EXPIRED, "key")
    assert ApiKey.objects.count() == count


def test_whoever_calls_too_often_waits_and_nobody_else_does(programs: Programs) -> None:
    answers = [programs.acme.get("/me") for _ in range(api_keys.MOST + 1)]
    assert [a.status for a in answers] == [200] * api_keys.MOST + [429]
    assert (answers[-1].code, answers[-1].headers["Retry-After"]) == ("too_many_calls", "1")
    assert programs.few.get("/me").status == 200
    programs.world.clock.now += timedelta(seconds=1)
    assert [programs.acme.get("/me").status for _ in range(api_keys.PER_S + 1)] == [200] * api_keys.PER_S + [429]


def test_when_a_key_was_last_used_is_known(programs: Programs) -> None:
    assert programs.bolt.get("/me").status == 200
    assert ApiKey.objects.get(reseller="bolt").last_used_at == programs.world.clock()
