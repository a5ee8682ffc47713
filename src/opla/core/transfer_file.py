"""Transfers that leave our own account, as the file a bank takes: pain.001.001.09 of ISO 20022, one batch of SEPA
credit transfers (EPC132-08, the customer-to-bank guidelines: SLEV, SEPA, NOTPROVIDED where there is no BIC).

Every transfer carries our reference twice, in `EndToEndId` and in its words, so that its line is known again. The same
file is the same bytes: a bank knows it by its `MsgId`, and takes it once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID
from xml.etree import ElementTree as ET  # it only writes here

from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.structured import belgian

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
#: What every bank of the area takes (EPC217-08, 3.1.1); no longer name fits.
_STRANGE: Final = re.compile(r"[^A-Za-z0-9/?:().,'+ -]+")
_MAX_NAME: Final = 70
#: What banks write where there is none.
_NONE: Final = "NOTPROVIDED"


@dataclass(frozen=True)
class Transfer:
    """One transfer out, in euros. `number` is our reference, twelve digits; `name` and `iban` whose money it was."""

    number: str
    amount: Money
    name: str = field(repr=False)
    iban: str = field(repr=False)


def message_id(file_id: UUID) -> str:
    """How a bank knows a file: at most 35 signs."""
    return f"OPLA-{file_id.hex[-24:].upper()}"


def write(
    transfers: Sequence[Transfer], account: OwnAccount, *, file_id: UUID, execute_on: date, at: datetime
) -> bytes:
    """One file of these, in their order. Raises ValueError for what is not in euros, or for none at all."""
    if not transfers or any(one.amount.currency != "EUR" for one in transfers):
        raise ValueError("a SEPA file has transfers, in euros")
    total = Money(sum(one.amount.amount_minor for one in transfers), "EUR")
    root = ET.Element("Document", xmlns=NAMESPACE)
    body = ET.SubElement(root, "CstmrCdtTrfInitn")
    head = ET.SubElement(body, "GrpHdr")
    _say(head, "MsgId", message_id(file_id))
    _say(head, "CreDtTm", f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z")
    _say(head, "NbOfTxs", str(len(transfers)))
    _say(head, "CtrlSum", total.decimal)
    _say(head, "InitgPty/Nm", _latin(account.holder))
    batch = ET.SubElement(body, "PmtInf")
    _say(batch, "PmtInfId", message_id(file_id))
    _say(batch, "PmtMtd", "TRF")
    _say(batch, "NbOfTxs", str(len(transfers)))
    _say(batch, "CtrlSum", total.decimal)
    _say(batch, "PmtTpInf/SvcLvl/Cd", "SEPA")
    _say(batch, "ReqdExctnDt/Dt", execute_on.isoformat())
    _say(batch, "Dbtr/Nm", _latin(account.holder))
    _say(batch, "DbtrAcct/Id/IBAN", account.iban)
    bank = ("BICFI", account.bic) if account.bic else ("Othr/Id", _NONE)
    _say(batch, f"DbtrAgt/FinInstnId/{bank[0]}", bank[1])
    _say(batch, "ChrgBr", "SLEV")
    for one in transfers:
        _transfer(ET.SubElement(batch, "CdtTrfTxInf"), one)
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _transfer(element: ET.Element, one: Transfer) -> None:
    _say(element, "PmtId/EndToEndId", one.number)
    _say(element, "Amt/InstdAmt", one.amount.decimal).set("Ccy", one.amount.currency)
    _say(element, "Cdtr/Nm", _latin(one.name))
    _say(element, "CdtrAcct/Id/IBAN", one.iban)
    _say(element, "RmtInf/Ustrd", belgian(one.number))


def _say(parent: ET.Element, path: str, text: str) -> ET.Element:
    for name in path.split("/"):
        parent = ET.SubElement(parent, name)
    parent.text = text
    return parent


def _latin(name: str) -> str:
    """As banks take it: letters without their accents, and what no bank knows as a blank."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return " ".join(_STRANGE.sub(" ", bare).split())[:_MAX_NAME].strip() or _NONE
