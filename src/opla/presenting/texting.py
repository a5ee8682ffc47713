"""The words of text messages, short enough for one or two parts. Pure: from facts to words.

Written so that most of them need no sign outside the alphabet of GSM: such a sign more than halves what a part holds.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from opla.core.catalog import Catalog, Product
from opla.core.ledger import VOUCHER
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries.texts import Told
from opla.operations import catalogue
from opla.operations.answer_texts import Dials, OrderState
from opla.operations.order_texts import OrderText, OtherText
from opla.operations.rescue import Amounts, Answered, Given, NoFriend, Offer, WhichOperator
from opla.operations.text_pay import NoWord, Paying
from opla.operations.vouchers import ByText
from opla.presenting import facts, figures, languages, numbers, orders, redeeming
from opla.presenting.refusals import sentence

#: What typography has two signs for and GSM one.
_PLAINER: Final = str.maketrans(
    {"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "’": "'", "‘": "'", "“": '"', "”": '"', "«": '"'}
    | {"»": '"', "„": '"', "–": "-", "−": "-", "—": "-", "…": "...", "·": ",", "→": "->"}
)


def words(found: OrderState | Dials | Answered | Paying | NoWord | ByText, *, sandbox: bool = False) -> str:
    """The answer to a text."""
    with languages.speaking(found.language):
        if isinstance(found, Dials):
            dials = ", ".join(f"{operator} {dial}" for operator, dial in found.by_operator)
            return _("Dial to see what is left: %(dials)s") % {"dials": dials} if dials else _("Ask your operator.")
        if isinstance(found, OrderState):
            if found.state is None:
                return _("No order has this number.")
            return _("Order %(ticket)s: %(state)s.") % {"ticket": found.ticket, "state": orders.state(found.state)}
        if isinstance(found, ByText):
            return _plain(_redeemed(found), sandbox=sandbox)
        return _plain(_rescue(found), sandbox=sandbox)


def all_words(told: OrderText | OtherText, *, sandbox: bool) -> str:
    """A text that leaves by itself."""
    if isinstance(told, OrderText):
        return order_words(told, sandbox=sandbox)
    return other_words(told, catalogue.active()[1], sandbox=sandbox)


def order_words(told: OrderText, *, sandbox: bool) -> str:
    """News of an order. The code only where it was opened for this text."""
    with languages.speaking(told.page.language):
        return _plain(_order(told), sandbox=sandbox)


def other_words(told: OtherText, catalog: Catalog, *, sandbox: bool) -> str:
    """A text about no order. Raises ValueError for a topic that has no words."""
    with languages.speaking(told.language):
        product = catalog.product(told.about["sku"])
        what = {
            "product": product.name if product else told.about["sku"],
            "total": figures.money(Money(int(told.about["total"]), catalog.currency)),
            **{name: told.about.get(name, "") for name in ("who", "link")},
        }
        if what["who"].startswith("+") and "…" not in what["who"]:
            what["who"] = numbers.grouped(what["who"])
        match told.topic:
            case "ask_friend":
                text = _(
                    "%(who)s asks you to pay %(total)s: %(product)s for their phone. %(link)s Ask them first: a sender "
                    "can be forged. STOP: no more SMS."
                )
            case "ask_dearer":
                text = _("%(product)s costs %(total)s now. Nobody has paid. If you still want it, ask again by SMS.")
            case "text_pay_refused":
                text = _("%(product)s could not be paid this way and does not come. A friend can pay: %(link)s")
            case "kiosk_link":
                text = _("%(product)s: how your order goes, and its receipt: %(link)s STOP: no more SMS.")
            case topic:
                raise ValueError(f"no text is about {topic!r}")
        return _plain(text % what, sandbox=sandbox)


def became(told: Told) -> str:
    """What became of a text, for whoever looks at its order."""
    match told.state, told.arrived:
        case "sent" | "unknown", "DELIVRD":
            return _("SMS: it arrived")
        case "sent" | "unknown", "UNDELIV" | "REJECTD" | "EXPIRED" | "DELETED":
            return _("SMS: it could not be delivered")
        case "sent", _arrived:
            return _("SMS: sent")
        case "unknown", _arrived:
            return _("SMS: perhaps sent")
        case "waiting" | "sending", _arrived:
            return _("SMS: on its way")
        case _:
            return _("SMS: not sent")


def _plain(text: str, *, sandbox: bool) -> str:
    said = text.translate(_PLAINER).replace(" , ", ", ").replace("。 ", "。")
    return f"[SANDBOX] {said}" if sandbox else said


def _order(told: OrderText) -> str:
    page = told.page
    what = {"product": page.product_name, "ticket": page.ticket, "end": page.number[-2:]}
    if told.revealed is not None:
        return _code(told)
    match told.topic:
        case "delivered" if page.kind is Kind.DIRECT:
            text = _("%(product)s: credited to the number that ends in %(end)s. Order %(ticket)s. STOP: no more SMS.")
        case "delivered":
            text = _("%(product)s is ready. Open it by the link in your e-mail. Order %(ticket)s. STOP: no more SMS.")
        case "dated" if page.deliver_at is not None:
            what["time"] = figures.moment(page.deliver_at)
            text = _("%(product)s is paid and comes on %(time)s. Order %(ticket)s. STOP: no more SMS.")
        case "refunding" | "refunded" if page.provider == VOUCHER:
            text = _("%(product)s: your voucher works again, with the same code. Order %(ticket)s.")
        case "refunding":
            what["amount"] = figures.money(page.refunding if page.refunding.amount_minor else page.price.total)
            text = _("%(product)s: %(amount)s is on its way back to whoever paid. Order %(ticket)s.")
        case "refunded":
            what["amount"] = figures.money(page.refunded if page.refunded.amount_minor else page.price.total)
            text = _("%(product)s: %(amount)s went back to whoever paid. Order %(ticket)s.")
        case topic:
            raise ValueError(f"no text is about {topic!r}")
    return text % what


def _code(told: OrderText) -> str:
    """The code as it is dialled or texted, where that is known, else alone."""
    pin = told.revealed.pin if told.revealed else ""
    ways = redeeming.ways(told.operator, pin) if told.operator else []
    dial = next((way.shown_text for way in ways if pin in way.shown_text), "")
    what = {"product": told.page.product_name, "ticket": told.page.ticket, "code": dial or pin}
    if dial:
        return _("%(product)s is paid. On this SIM: %(code)s Order %(ticket)s.") % what
    return _("%(product)s is paid. Your code: %(code)s Order %(ticket)s.") % what


def _redeemed(found: ByText) -> str:
    if not found.product:
        return sentence(Refusal(Code.VOUCHER_WRONG))
    if found.direct:
        return _("%(product)s goes onto this SIM now. An SMS follows.") % {"product": found.product}
    return _("%(product)s: its code follows by SMS.") % {"product": found.product}


def _rescue(found: Answered | Paying | NoWord) -> str:
    match found:
        case Offer():
            return _offer(found)
        case WhichOperator(amount=amount):
            asked = {"amount": amount or "15"}
            return _("Of which operator is your SIM? Text TOPUP %(amount)s and its name.") % asked
        case Amounts(operator=operator, amounts=amounts):
            there = {"operator": operator.name, "amounts": ", ".join(figures.money(one) for one in amounts)}
            said = _("%(operator)s: %(amounts)s. Text TOPUP and the amount.") % there
            doubt = _("Not a SIM of %(operator)s? Text its name too.") % there
            return f"{said} {doubt}" if found.guessed else said
        case Given(link=link, friend=""):
            return _("Open this on any Wi-Fi, or pass it on: %(link)s") % {"link": link}
        case Given(link=link, friend=friend):
            what = {"link": link, "friend": friend}
            return _("We ask %(friend)s, unless they want no SMS from us. You can pass it on too: %(link)s") % what
        case Paying(product=product, total=total):
            what = {"product": product, "total": figures.money(total)}
            return _("%(product)s: %(total)s is being charged. An SMS follows.") % what
        case NoWord(link=link):
            said = _("Nothing is charged: this word does not work (any more).")
            return said + " " + _("A friend can pay: %(link)s") % {"link": link} if link else said
        case NoFriend(refusal=refusal, link=link):
            return _("%(why)s Pass this on yourself: %(link)s") % {"why": sentence(refusal), "link": link}


def _offer(found: Offer) -> str:
    what = {
        "product": found.product.name,
        "total": figures.money(found.total),
        "effect": _effect(found.product),
        "operator": found.operator.name,
        "link": found.link,
    }
    said = [_("%(product)s, %(effect)s: %(total)s.") % what]
    if found.guessed:
        said.append(_("Not a SIM of %(operator)s? Text its name too.") % what)
    if found.word:
        said.append(
            _("Text PAY %(word)s within 10 minutes: the kept payment method is charged.") % {"word": found.word}
        )
    elif found.over_limit:
        said.append(_("The kept payment method may not be charged for this: its limit is reached."))
    said.append(_("Text YES and a friend's number: we text them a link to pay.") % what)
    if found.to_friend:
        said.append(_("They see your number."))
    said.append(_("Or pay it yourself on Wi-Fi: %(link)s") % what)
    return " ".join(said)


def _effect(product: Product) -> str:
    """What it gives and for how long, with how sure that is."""
    groups = facts.summary(product)
    return "; ".join(f"{group.text} ({group.mark})" if group.mark else group.text for group in groups)
