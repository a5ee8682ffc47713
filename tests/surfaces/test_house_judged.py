"""A judge that nobody here wrote, over every page of the house: schemathesis, as each role and as a stranger.

The pages take forms, not documents; what they take is read from their code and from what they show, ids are half of
the time those of the shop. Whatever is sent, nothing breaks, nothing is told to whom it is not meant for, what is not
theirs is not there, and the books hold.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote_plus

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception
from django.db import connections
from django.urls import resolve
from django.urls.exceptions import Resolver404
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from conftest import FULL
from operations.test_cash import TILL
from operations.test_stations import PIN, named
from opla.core.actor import HOUSE, Role
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.operations import stations
from surfaces.conftest import Door, Visitor
from surfaces.everything import OWNER, Everything, everything
from surfaces.house_document import ANSWERED, Known, document
from surfaces.house_judge import Judge
from surfaces.test_forms import Walker
from surfaces.test_owner_pages import signed_in
from surfaces.test_roles import DOORS, ROWS

#: Those who may do least first: what the owner does may end what the others would see.
ROLES: Final = (None, Role.CLERK, *sorted(HOUSE, key=lambda role: sum(role in may for may in ROWS.values())))
#: Half a minute in every run; with --full also every boundary, and many more examples.
_EXAMPLES: Final = 25 if FULL else 2
_CHECKS: Final = ("not_a_server_error", "status_code_conformance")
_FORM: Final = "f" * 32
#: To whoever may not, there is nothing there, or not by this verb.
REFUSED: Final = (404, 405)


class Watched:
    """The shop as a server has it. What it is asked once it is asked by everybody; a judge sees every answer."""

    def __init__(self, judge: Judge, people: Mapping[Role | None, Visitor]) -> None:
        self.judge = judge
        self.answered: dict[Role | None, Counter[int]] = {role: Counter() for role in people}
        self._cookies = {role: _cookies(who) for role, who in people.items()}
        self._handler = WSGIHandler()
        self._raised: list[BaseException | None] = []

    def __call__(self, environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
        """Those who may least ask first; the last one's answer is whose it is."""
        sent = environ["wsgi.input"].read()
        try:
            answers = [self._asked(role, environ, sent) for role in self._cookies]
        finally:
            connections.close_all()  # a thread of schemathesis' ends when it likes
        line, headers, body = answers[-1]
        start(line, headers)
        return [body]

    def _asked(
        self, role: Role | None, environ: Mapping[str, Any], sent: bytes
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        self.judge.house.world.clock.tick(1)
        self._raised.clear()
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def begin(line: str, headers: list[tuple[str, str]], problem: object = None) -> object:
            begun.append((line, headers))
            return None

        of = {
            **environ, "wsgi.input": BytesIO(sent), "HTTP_COOKIE": self._cookies[role], "HTTP_X_CSRFTOKEN": _FORM,
            "HTTP_HOST": "127.0.0.1", "SERVER_NAME": "127.0.0.1",
        }  # fmt: skip
        answer = self._handler(of, begin)
        body = b"".join(answer)
        answer.close()
        [(line, headers)] = begun
        status, verb, path = int(line.split()[0]), str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
        typed = unquote_plus(f"{path} {environ.get('QUERY_STRING', '')} {sent.decode(errors='replace')}")
        text, raised = body.decode(errors="replace"), self._raised[0] if self._raised else None
        self.judge.look(role, f"{verb} {path}", status, text, typed=typed, raised=raised)
        if status < 500 and status not in (ANSWERED if _may(role, verb, path) else REFUSED):
            self.judge.wrong.append(f"{role or 'stranger'}: {verb} {path}: answers {status}")
        self.answered[role][status] += 1
        return line, headers, body

    @contextmanager
    def noting(self) -> Iterator[None]:
        """What views raise, with its own name."""

        def note(**_: object) -> None:
            self._raised.append(sys.exc_info()[1])

        got_request_exception.connect(note, weak=False)
        try:
            yield
        finally:
            got_request_exception.disconnect(note)


def _cookies(who: Visitor) -> str:
    kept = {name: morsel.value for name, morsel in who.client.cookies.items()}
    return "; ".join(f"{name}={value}" for name, value in {**kept, "opla_form": _FORM}.items())


def _may(role: Role | None, verb: str, path: str) -> bool:
    """By the table of roles. The door is everybody's."""
    try:
        name = resolve(path).url_name or ""
    except Resolver404:
        return False
    return name in DOORS or str(role) in ROWS.get((name, "GET" if verb == "HEAD" else verb), ())


def judged(app: Watched, known: Known) -> list[str]:
    """What schemathesis says of the pages, a line each."""
    phases = {name: {"enabled": FULL} for name in ("examples", "coverage")} | {"stateful": {"enabled": False}}
    config = SchemathesisConfig.from_dict(
        {
            "seed": 7,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "generation": {"max-examples": _EXAMPLES, "no-shrink": True, "database": "none", "codec": "utf-8"},
            "phases": phases,
            "checks": {"enabled": False, **{name: {"enabled": True} for name in _CHECKS}},
        }
    )
    schema = schemathesis.openapi.from_dict(document(known), config=config)
    schema.app = app
    said: list[str] = []
    with app.noting():
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                found = [one for checks in event.recorder.checks.values() for one in checks if one.failure_info]
                said += [f"{event.label}: {one.failure_info.failure.message}" for one in found if one.failure_info]
            elif isinstance(event, events.NonFatalError):
                said.append(str(event.info))
            elif isinstance(event, events.FatalError):
                said.append(str(event.exception))
    return said


@pytest.fixture
def house(door: Door) -> Everything:
    return everything(door)


def person(house: Everything, role: Role | None) -> Visitor:
    """Whoever has signed in as that, where they do: clerks at their tablets."""
    if role is None:
        return Visitor()
    if role is not Role.CLERK:
        return signed_in(house.world, role, "eve")
    station = stations.keep(OWNER, "main-till", Kind.TILL, drawer=TILL, shop=house.world.shop, at=house.world.clock())
    assert not isinstance(station, Refusal)
    tablet = Visitor()
    tablet.post("/station/", {"code": station.code})
    named(house.world, "anna")
    assert tablet.post("/till/sign-in/", {"name": "anna", "pin": PIN}).where == "/till/"
    return tablet


def known_to(house: Everything) -> Known:
    """Whatever its owner is shown."""
    walker, found = Walker(house, Role.OWNER, Judge(house)), Known()
    walker.crawl()
    found.learn(walker.pages)
    return found


def test_whatever_is_sent_to_a_page_of_the_house_by_whomever(house: Everything) -> None:
    judge, known = Judge(house), known_to(house)
    people = {role: person(house, role) for role in ROLES}
    app = Watched(judge, people)
    said = judged(app, known)
    house.work(5)
    assert (judge.wrong, said) == ([], []), judge.told() + "\n" + "\n".join(sorted({*said}))
    for role in HOUSE:
        assert people[role].get("/owner/").status == 200, "whoever was signed in still is"


def test_the_judge_notices_what_breaks_and_what_is_told() -> None:
    """One of each, beside what is no mistake: what somebody has typed themselves, and data of those who may see it."""
    house = Everything(None, ["0000 7391 0001"], ["ana@example.org"])  # type: ignore[arg-type]  # it asks nobody
    for role, status, body, typed, wrong in (
        (Role.OWNER, 500, "", "", True),
        (Role.OWNER, 200, "Traceback (most recent call last)", "", True),
        (Role.OWNER, 200, "<b>0000-7391 0001</b>", "", True),
        (Role.OWNER, 422, "000073910001", "code=0000 7391 0001", False),
        (Role.OWNER, 200, "ana@example.org", "", False),
        (Role.ACCOUNTANT, 200, "ana@example.org", "", True),
        (None, 404, "Nothing is here", "", False),
    ):
        judge = Judge(house)
        judge.look(role, "GET /owner/", status, body, typed=typed)
        assert bool(judge.wrong) is wrong, (role, body)
