"""Their words and ours. A number that is not here is UNKNOWN."""

from __future__ import annotations

from opla.core.ports import Answer

#: Status of an answer to a text (SMPP 3.4 §5.1.3) → our answer, where no part of it was taken before.
STATUS: dict[int, Answer] = {
    0x01: Answer.DECLINED,  # invalid length
    0x02: Answer.DECLINED,  # invalid command length
    0x0A: Answer.DECLINED,  # invalid source address
    0x0B: Answer.DECLINED,  # invalid destination address
    0x0D: Answer.NOT_SENT,  # bind failed
    0x0E: Answer.NOT_SENT,  # invalid password
    0x0F: Answer.NOT_SENT,  # invalid system id
    0x14: Answer.NOT_SENT,  # message queue full
    0x45: Answer.DECLINED,  # submit failed
    0x58: Answer.NOT_SENT,  # throttled
    0x61: Answer.DECLINED,  # invalid scheduled delivery time
}
