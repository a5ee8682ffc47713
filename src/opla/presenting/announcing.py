"""The e-mails of somebody who asked to be told of promotions, in their language. From facts to words."""

from __future__ import annotations

from urllib.parse import urljoin

from django.utils.translation import gettext as _

from opla.operations import catalogue
from opla.operations import promotions as promoting
from opla.operations.tell import Announcing
from opla.operations.wishes import CONFIRM
from opla.presenting import languages, promotions
from opla.presenting.notices import Notice


def announcing(letter: Announcing, *, sandbox: bool) -> Notice:
    """The message of one topic. Raises ValueError for news of nothing."""
    with languages.speaking(letter.following.language):
        subject, parts = _confirm(letter) if letter.topic == CONFIRM else _news(letter)
        if sandbox:
            subject = f"[SANDBOX] {subject}"
            parts = [*parts, _("This is a sandbox: no real money moved, and codes top up nothing.")]
        return Notice(subject, "\n\n".join([_("Hello,"), *parts]) + "\n")


def _confirm(letter: Announcing) -> tuple[str, list[str]]:
    what = {"operator": operator_name(letter.following.operator), "link": letter.link_url}
    return _("Please confirm: news of promotions (%(operator)s)") % what, [
        _(
            "Somebody, probably you, asked to be told here when a promotion begins (%(operator)s). If it was you, "
            "confirm it on this page: %(link)s"
        )
        % what,
        _("If it was not you, do nothing: it is deleted after two days, and nothing more is sent."),
    ]


def _news(letter: Announcing) -> tuple[str, list[str]]:
    _version, catalog = catalogue.active()
    _promotions_version, known = promoting.active()
    entry = promotions.entry_of(letter.topic.partition(":")[2], known, catalog)
    if entry is None:
        raise ValueError(f"no promotion is called {letter.topic!r}")
    title = f"{entry.title} ({entry.mark})" if entry.mark else entry.title
    told = [title, entry.gives, *entry.conditions, entry.when]
    if entry.operator:
        told.append(_("%(name)s gives this, whoever sells the top-up.") % {"name": entry.operator})
    return _("A promotion has begun: %(title)s") % {"title": title}, ["\n".join(told), _links(letter)]


def operator_name(operator_id: str) -> str:
    """How people call it; its own name for itself where the catalogue has lost it."""
    if not operator_id:
        return _("all operators")
    _version, catalog = catalogue.active()
    found = catalog.operator(operator_id)
    return found.name if found else operator_id


def _links(letter: Announcing) -> str:
    operator = letter.following.operator
    listed = f"/promotions/?operator={operator}" if operator else "/promotions/"
    rows = (
        (_("All promotions: %(link)s"), urljoin(letter.link_url, listed)),
        (_("Stop this news: %(link)s"), f"{letter.link_url}stop/"),
    )
    return "\n".join(text % {"link": link} for text, link in rows)
