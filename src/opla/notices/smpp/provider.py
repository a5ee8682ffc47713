"""Text messages over SMPP, keeping `Tells`, `SendsTexts` and `Hears`."""

from __future__ import annotations

import logging
import re
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from typing import Final

from opla.core import sms
from opla.core.ports import Answer, Message, Receipt, Text, TextReport
from opla.notices.smpp import mapping, pdu
from opla.notices.smpp.client import Lost, Session
from opla.notices.smpp.config import Config
from opla.notices.smpp.pdu import Broken, Command, Pdu

_log = logging.getLogger(__name__)
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
#: More than any text of ours needs; each part is paid for.
_MOST_PARTS: Final = 10
_LOOK_S: Final = 0.5
#: §5.1.3: keep it and come again, and: never again.
_LATER, _NEVER = 0x64, 0x65


class SMPP:
    """A text is taken when their centre says so for every part. Whether it arrived, a receipt says later.

    The subject of a message is not sent: a text has none.
    """

    #: An idle line is asked whether it lives; routers forget one that is silent for minutes.
    ask_after_s: float = 30.0

    def __init__(self, config: Config) -> None:
        self._config = config

    def tell(self, message: Message) -> Answer:
        return self.text(message).answer

    def text(self, message: Message) -> TextReport:
        text = sms.written(message.text)
        if not _NUMBER.fullmatch(message.to) or len(text.parts) > _MOST_PARTS:
            return TextReport(Answer.DECLINED)
        ends_at = time.monotonic() + self._config.timeout_s
        try:
            session = Session(self._config)
        except Lost:
            return TextReport(Answer.NOT_SENT)
        with closing(session):
            try:
                if session.bind(Command.BIND_TRANSMITTER, ends_at):
                    return TextReport(Answer.NOT_SENT)
            except Lost:
                return TextReport(Answer.NOT_SENT)
            ids: list[str] = []
            try:
                answer = self._submit(session, message, text, ids, ends_at)
            except Lost:
                return TextReport(Answer.UNKNOWN, tuple(ids))
            session.unbind(min(ends_at, time.monotonic() + 1))
            return TextReport(answer, tuple(ids))

    def _submit(self, session: Session, message: Message, text: sms.Sms, ids: list[str], ends_at: float) -> Answer:
        """Part by part. Once they have one, the text is neither unsent nor refused any more. `ids` get theirs."""
        several = len(text.parts) > 1
        reference = zlib.crc32(message.reference.encode())  # the same when it is sent again, so that phones join parts
        for n, part in enumerate(text.parts, start=1):
            octets = sms.header(reference, n, len(text.parts)) + part if several else part
            request = pdu.submit(
                session.sequence(), self._config.sender, message.to, text.coding, octets, joined=several
            )
            answer = session.ask(request, ends_at)
            if answer.status:
                return mapping.STATUS.get(answer.status, Answer.UNKNOWN) if n == 1 else Answer.UNKNOWN
            if their_id := pdu.message_id(answer):
                ids.append(their_id)
        return Answer.SUCCEEDED

    def listen(self, heard: Callable[[Text | Receipt], None], until: Callable[[], bool]) -> None:
        """Hear what comes for us until `until` says so. Raises `Lost` when the connection ends: listen again.

        A text is answered for after `heard` has returned: what breaks there comes again, and may come twice.
        """
        timeout_s = self._config.timeout_s
        with closing(Session(self._config)) as session:
            if session.bind(Command.BIND_RECEIVER, time.monotonic() + timeout_s):
                raise Lost("they do not know us")
            heard_at, asked = time.monotonic(), False
            while not until():
                came, now = session.next(time.monotonic() + _LOOK_S), time.monotonic()
                if came is not None:
                    heard_at, asked = now, False
                    _heard(session, came, heard)
                elif now - heard_at > self.ask_after_s + timeout_s:
                    raise Lost("silent for too long")
                elif now - heard_at > self.ask_after_s and not asked:
                    session.send(Pdu(Command.ENQUIRE_LINK, 0, session.sequence()))
                    asked = True
            session.unbind(time.monotonic() + 1)


def _heard(session: Session, came: Pdu, heard: Callable[[Text | Receipt], None]) -> None:
    if not came.asks:
        return
    if came.command == Command.UNBIND:
        session.send(came.answer())
        raise Lost("they ended it")
    if came.command != Command.DELIVER_SM:
        session.send(came.answer())
        return
    try:
        found = pdu.delivered(came)
    except Broken:
        session.send(came.answer(_NEVER))
        return
    try:
        if found is not None:
            heard(found)
    except Exception as why:  # noqa: BLE001 - whatever it was, they are to bring it again
        _log.error("a text was not taken in: %s", type(why).__name__)
        session.send(came.answer(_LATER))
        return
    session.send(came.answer())
