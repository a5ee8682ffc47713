"""Ask each provider and supplier one harmless question, with the owner's own key: does it work?

What is asked for is a payment, or a send, that cannot be there. That it is not there is an answer, and only the right
key is given one. Nothing is made, no money moves, and nothing of an answer is shown but words of our own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from opla import payments, suppliers
from opla.calling import Heard, listening
from opla.core.ports import Answer, ChargeReport, Finds, Floats, SendReport, StockedCode, Terminals

#: Our words for why nothing came of it → what the owner may look at.
_WORDS: Mapping[str, str] = {
    "ConnectError": "cannot be reached: look at the network, the name server and the firewall of this machine",
    "ConnectTimeout": "cannot be reached: nothing answered at its address in time",
    "ReadTimeout": "did not answer in time",
    "timed_out": "did not answer in time",
    "their_error": "has trouble of its own: try again later",
    "unreadable": "answered with something that is not its API: is the address right?",
    "too_many": "wants to be asked less often: try again in a minute",
    "account_closed": "says that the account is closed, or is not there",
}


@dataclass(frozen=True)
class Tried:
    """What is to be said of one of them, each sentence with whether it is fine; and whose clocks were heard."""

    findings: Sequence[tuple[bool, str]]
    heard: Sequence[Heard] = ()


class _NoStock:
    """Nothing is sent here, so no code is ever claimed."""

    def claim(self, reference: str, sku: str) -> StockedCode | None:
        raise LookupError(f"{reference}: nothing of {sku} is claimed here")

    def claimed(self, reference: str) -> StockedCode | None:
        raise LookupError(f"{reference}: nothing is claimed here")


def payment(names: Sequence[str], config: Mapping[str, str]) -> Tried:
    """Ways of paying of one adapter, which share its key: it is asked once. Their settings are known to be enough."""
    reference = secrets.token_hex(16)
    # Our reference in the place of their id: those who cannot search would not be called without one.
    return _tried(", ".join(names), lambda: [_said(payments.build(names[0], config).fetch(reference, reference))])


def machines(name: str, ids: Sequence[str], config: Mapping[str, str]) -> Tried:
    """The card machines that stand at our counters: whether their provider has each, and it takes payments."""

    def ask() -> list[tuple[bool, str]]:
        adapter = payments.build(name, config)
        listed = adapter.terminals() if isinstance(adapter, Terminals) else ()
        if listed is None:
            return [(False, "does not say which card machines there are")]
        ready = {one.id: one.ready for one in listed}
        return [
            (True, f"{id_} takes payments") if ready.get(id_) else (False, f"{id_} {_trouble(id_, ready)}")
            for id_ in ids
        ]

    return _tried(name, ask)


def _trouble(id_: str, ready: Mapping[str, bool]) -> str:
    return "is switched off" if id_ in ready else "is none of its card machines"


def supplier(name: str, config: Mapping[str, str]) -> Tried:
    """By our reference where it can be asked for that; and how much of our money lies there."""

    def ask() -> list[tuple[bool, str]]:
        adapter = suppliers.build(name, config, _NoStock())
        said = [_said(adapter.find(secrets.token_hex(16)))] if isinstance(adapter, Finds) else []
        if isinstance(adapter, Floats) and all(fine for fine, _ in said):
            left = adapter.float_left()
            if left is None:
                said.append((False, "does not say how much of your money lies with it"))
            else:
                told = f"{left.decimal} {left.currency} of your money lies with it"
                said.append((left.amount_minor > 0, told if left.amount_minor > 0 else f"{told}: nothing can be sent"))
        return said

    return _tried(name, ask)


def _tried(who: str, ask: Callable[[], list[tuple[bool, str]]]) -> Tried:
    with listening() as heard:
        try:
            said = ask()
        except Exception as bug:  # noqa: BLE001 - an outsider's adapter too: one that breaks must not hide the others
            said = [(False, f"its adapter broke ({type(bug).__name__})")]
    if not heard and all(fine for fine, _ in said):
        said = [(True, "there is nobody to call for it")]
    return Tried([(fine, f"{who}: {sentence}") for fine, sentence in said], heard)


def _said(report: ChargeReport | SendReport | None) -> tuple[bool, str]:
    if report is None:
        return True, "answers, and the key is right"
    status, why = report.evidence.get("status", ""), report.why
    if why == "key_wrong" or status in {"401", "403"}:
        return False, f"turns the key away{_beside(status)}: copy it again, from the right one of its worlds"
    error = why if why in _WORDS else report.evidence.get("error", "")
    if error in _WORDS:
        return False, f"{_WORDS[error]}{_beside(error, status)}"
    if report.answer is Answer.DECLINED:
        return True, f"answers, and does not turn the key away{_beside(why, status)}"
    return False, f"answered in a way that nobody here knows{_beside(why or error, status)}"


def _beside(*words: str) -> str:
    said = [f"status {word}" if word.isdigit() else word for word in words if word]
    return f" ({', '.join(said)})" if said else ""
