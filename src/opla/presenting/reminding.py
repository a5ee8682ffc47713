"""The e-mails of somebody who asked to be reminded, in their language. From facts to words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opla.core.reminder import Kind
from opla.core.usage import is_stale
from opla.operations import catalogue
from opla.operations.tell import Reminding
from opla.operations.wishes import CONFIRM
from opla.presenting import figures, languages, usage
from opla.presenting.notices import Notice


def reminding(letter: Reminding, *, sandbox: bool) -> Notice:
    """The message of one topic. Raises ValueError for a topic that is none."""
    with languages.speaking(letter.watched.language):
        if letter.topic == CONFIRM:
            subject, parts = _confirm(letter)
        else:
            subject, parts = _reminder(letter, Kind(letter.topic.partition(":")[0]))
        if sandbox:
            subject = f"[SANDBOX] {subject}"
            parts = [*parts, _("This is a sandbox: no real money moved, and codes top up nothing.")]
        return Notice(subject, "\n\n".join([_("Hello,"), *parts]) + "\n")


def _confirm(letter: Reminding) -> tuple[str, list[str]]:
    what = {"operator": operator_name(letter.watched.usage.line.operator), "link": letter.link_url}
    return _("Please confirm: reminders for your %(operator)s SIM") % what, [
        _(
            "Somebody, probably you, asked to be reminded here before data, benefits, credit or the number of a "
            "%(operator)s SIM end. If it was you, confirm it on this page: %(link)s"
        )
        % what,
        _("If it was not you, do nothing: it is deleted after two days, and nothing more is sent."),
    ]


def _reminder(letter: Reminding, kind: Kind) -> tuple[str, list[str]]:
    watched = letter.watched
    subject, body = _SAID[kind](letter, {"operator": operator_name(watched.usage.line.operator)})
    parts = [body]
    read_at = watched.usage.read_at
    if read_at and kind is not Kind.CHECK_IN:
        parts.append(_from(read_at, watched.usage.line.topped_up_at) + _stale(letter))
    return subject, [*parts, _links(letter)]


def _data_ends(letter: Reminding, what: dict[str, str]) -> tuple[str, str]:
    told = usage.forecast(letter.watched.usage, letter.at)
    if told is None:
        raise ValueError("a line without data was said to run out of it")
    return f"{what['operator']}: {told.title.rstrip('.。')}", f"{told.title} {told.text}"


def _benefits_expire(letter: Reminding, what: dict[str, str]) -> tuple[str, str]:
    end = _end(letter.topic)
    rows = usage.buckets(letter.watched.usage, letter.at)
    ending = [row for row, bucket in zip(rows, letter.watched.usage.line.buckets, strict=True) if bucket.ends == end]
    left = ", ".join(f"{row.label} {row.amount}" for row in ending)
    what = {**what, "day": usage.until(end), "left": left}
    return (
        _("%(operator)s: something expires on %(day)s") % what,
        _("What is left expires on %(day)s: %(left)s.") % what,
    )


def _credit_lost(letter: Reminding, what: dict[str, str]) -> tuple[str, str]:
    what = {**what, "day": usage.until(_end(letter.topic))}
    return (
        _("%(operator)s: your credit is lost after %(day)s") % what,
        _("The credit of your %(operator)s SIM is lost after %(day)s, unless you top up before.") % what,
    )


def _number_lost(letter: Reminding, what: dict[str, str]) -> tuple[str, str]:
    what = {**what, "day": usage.until(_end(letter.topic))}
    return (
        _("%(operator)s: top up by %(day)s to keep your number") % what,
        _(
            "By the rule of %(operator)s your number is lost when nothing is topped up by %(day)s. We reckon from the "
            "last top-up you told us of."
        )
        % what,
    )


def _check_in(letter: Reminding, what: dict[str, str]) -> tuple[str, str]:
    n = letter.watched.every_days
    return _("What is left on your %(operator)s SIM?") % what, ngettext(
        "You asked to be asked every %(n)s day. A new reading takes a minute and keeps the forecast right.",
        "You asked to be asked every %(n)s days. A new reading takes a minute and keeps the forecast right.",
        n,
    ) % {"n": n}


_SAID: Final = {
    Kind.DATA_ENDS: _data_ends,
    Kind.BENEFITS_EXPIRE: _benefits_expire,
    Kind.CREDIT_LOST: _credit_lost,
    Kind.NUMBER_LOST: _number_lost,
    Kind.CHECK_IN: _check_in,
}


def operator_name(operator_id: str) -> str:
    """How people call it; its own name for itself where the catalogue has lost it."""
    _version, catalog = catalogue.active()
    found = catalog.operator(operator_id)
    return found.name if found else operator_id


def _from(read_at: datetime, topped_up_at: datetime | None) -> str:
    when = {"at": figures.moment(read_at)}
    if read_at == topped_up_at:
        return _("This comes from your top-up of %(at)s, and from what you read before.") % when
    return _("This comes from your reading of %(at)s.") % when


def _end(topic: str) -> datetime:
    """The end that a key names."""
    return datetime.fromisoformat(topic.partition(":")[2]).replace(tzinfo=UTC)


def _stale(letter: Reminding) -> str:
    every = letter.watched.every
    if every is None or not is_stale(letter.watched.usage, letter.at, every):
        return ""
    return " " + _("It is older than you wanted, so it may be wrong by now.")


def _links(letter: Reminding) -> str:
    rows = (
        (_("Top up: %(link)s"), f"{letter.link_url}top-up/"),
        (_("Your line, and a new reading: %(link)s"), letter.link_url),
        (_("Stop all reminders of it: %(link)s"), f"{letter.link_url}stop/"),
    )
    return "\n".join(text % {"link": link} for text, link in rows)
