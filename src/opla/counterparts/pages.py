"""The pages a person sees. Whole without JavaScript, labelled as sandbox, every foreign text escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from urllib.parse import urlsplit

from opla.core.money import MINOR_DIGITS, Money
from opla.counterparts.mailbox import Mail
from opla.counterparts.operator import Subscriber
from opla.counterparts.payment import BUTTONS, KEEPING, Payment, Status
from opla.counterparts.standins import Taken
from opla.counterparts.texts import TEXTS, Words

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}
#: The buttons of a stand-in's page → what is said of a payment after them.
_SAID = {"pay": "is_paid", "refuse": "is_failed", "abandon": "is_left"}
_LINK = re.compile(r"https?://[^\s<>\"'\uff0c\u3002\uff1b]*[^\s<>\"'.,;:!?)\uff0c\u3002\uff1b]")


def amount(minor: int, currency: str) -> str:
    """`€15.00`; a currency we know no sign of keeps its three letters."""
    if currency not in MINOR_DIGITS:
        return f"{minor} {currency} (minor units)"
    decimal = Money(minor, currency).decimal
    return f"{_SIGNS[currency]}{decimal}" if currency in _SIGNS else f"{currency} {decimal}"


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def checkout(payment: Payment, words: Words, path: str) -> str:
    order = payment.order
    facts = [("to", urlsplit(order.return_url).netloc), ("for", order.description), ("reference", order.reference[:8])]
    head = f'<p class="sum">{amount(order.amount_minor, order.currency)}</p>{_facts(facts, words)}'
    if payment.status is not Status.OPEN:
        said = f'<p class="said">{words[f"is_{payment.status}"]}</p>'
        back = f'<p><a class="button main" href="{escape(order.return_url)}">{words["back"]}</a></p>'
        return _page(words["pay_title"], head + said + back, words, path)
    first, *others = (
        f'<button{" class=main" if outcome == BUTTONS[0] else ""} name="outcome" value="{outcome}">{words[outcome]}'
        + (f"<small>{words[f'{outcome}_hint']}</small>" if words[f"{outcome}_hint"] else "")
        + "</button>"
        for outcome in (*BUTTONS, *(KEEPING if order.keep else ()))
    )
    head += f'<p class="said">{words["keeps"]}</p>' if order.keep else ""
    form = f'<form method="post">{first}<h2>{words["choose"]}</h2>{"".join(others)}</form>'
    return _page(words["pay_title"], head + form, words, path)


def stand_in(name: str, taken: Taken, decided: str, words: Words, path: str) -> str:
    """The payment page of a real provider that is tried; `decided` is the button that was pressed there before."""
    facts = [("to", urlsplit(taken.return_url).netloc), ("reference", taken.reference[:8])]
    head = f'<p class="sum">{amount(taken.amount_minor, taken.currency)}</p>{_facts(facts, words)}'
    head = f'<p class="said">{words["stands_in"].format(name=name)}</p>{head}'
    if decided:
        said = f'<p class="said">{words[_SAID[decided]]}</p>'
        back = f'<p><a class="button main" href="{escape(taken.return_url)}">{words["back"]}</a></p>'
        return _page(f"{words['pay_title']} · {name}", head + said + back, words, path)
    first, *others = (
        f'<button{" class=main" if outcome == "pay" else ""} name="outcome" value="{outcome}">{words[outcome]}</button>'
        for outcome in _SAID
    )
    form = f'<form method="post">{first}<h2>{words["choose"]}</h2>{"".join(others)}</form>'
    return _page(f"{words['pay_title']} · {name}", head + form, words, path)


def operators(subscribers: Iterable[Subscriber], said: str, words: Words, path: str) -> str:
    told = f'<p class="said" role="status">{words[f"said_{said}"]}</p>' if f"said_{said}" in words else ""
    form = (
        f'<form method="post" action="/operator/redeem?lang={words["html_lang"]}">'
        f'<label for="number">{words["number"]}</label>'
        '<input id="number" name="number" type="tel" autocomplete="off" required>'
        f'<label for="code">{words["code"]}</label>'
        '<input id="code" name="code" inputmode="numeric" autocomplete="off" required>'
        f'<button class="main">{words["redeem"]}</button></form>'
    )
    cards = "".join(_subscriber(subscriber, words) for subscriber in subscribers)
    rest = cards or f'<p class="quiet">{words["nobody"]}</p>'
    return _page(words["operators_title"], told + form + rest, words, path)


def mailbox(mails: Iterable[Mail], words: Words, path: str) -> str:
    cards = "".join(
        f'<article class="card" lang="{escape(mail.language)}"><h2>{escape(mail.subject)}</h2>'
        f'<p class="quiet">{words["mail_to"]} {escape(mail.to)} · {_when(mail.at_ms)}</p>'
        f'<div class="text">{_linked(mail.text)}</div>{_unsubscribe(mail)}</article>'
        for mail in mails
    )
    return _page(words["mail_title"], cards or f'<p class="quiet">{words["no_mail"]}</p>', words, path)


def _unsubscribe(mail: Mail) -> str:
    """The header by which a mail program shows its own button."""
    if not mail.unsubscribe_url:
        return ""
    return f'<p class="quiet">List-Unsubscribe: {_linked(mail.unsubscribe_url)}</p>'


def home(words: Words, path: str) -> str:
    links = "".join(
        f'<a class="button" href="{href}?lang={words["html_lang"]}"><b>{words[f"{name}_title"]}</b><br>'
        f"{words[name]}</a>"
        for name, href in (("operators", "/operator"), ("mail", "/mail"))
    )
    return _page(words["home_title"], f"<p>{words['home']}</p>{links}", words, path)


def lost(words: Words) -> str:
    return _page(words["lost_title"], f"<p>{words['lost']}</p>", words, "/")


def _page(title: str, body: str, words: Words, path: str) -> str:
    return (
        f'<!doctype html><html lang="{words["html_lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f'<title>{title} · {words["sandbox"]}</title><link rel="stylesheet" href="/style.css"></head><body>'
        f'<div class="band" role="note"><strong>{words["sandbox"]}</strong>'
        f"<span>{words['no_money']} · {words['sample']}</span></div>"
        '<nav><span class="mark" aria-hidden="true"><i></i><i></i><i></i></span>'
        f"{_languages(words, path)}</nav>"
        f"<main><h1>{title}</h1>{body}</main></body></html>"
    )


def _languages(words: Words, path: str) -> str:
    return "".join(
        f'<a href="{escape(path)}?lang={tag}" lang="{tag}">{others["name"]}</a>'
        for tag, others in TEXTS.items()
        if tag != words["html_lang"]
    )


def _facts(facts: Iterable[tuple[str, str]], words: Words) -> str:
    rows = (f"<dt>{words[name]}</dt><dd>{escape(value)}</dd>" for name, value in facts if value)
    return f"<dl>{''.join(rows)}</dl>"


def _subscriber(subscriber: Subscriber, words: Words) -> str:
    facts = [
        ("operator", subscriber.operator),
        ("credit", amount(subscriber.credit_minor, subscriber.currency)),
        ("until", _when(subscriber.credit_until_ms)[:10]),
        ("plan", subscriber.plan),
    ]
    return f'<article class="card"><h2>{escape(subscriber.number)}</h2>{_facts(facts, words)}</article>'


def _linked(text: str) -> str:
    """Escaped text in which web addresses can be clicked."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        link = escape(found.group())
        parts += [escape(text[end : found.start()]), f'<a href="{link}" rel="noreferrer">{link}</a>']
        end = found.end()
    return "".join([*parts, escape(text[end:])])


def _when(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
