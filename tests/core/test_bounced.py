"""Reports of mail that came back, as mail servers write them, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.bounced import MAX_BYTES, Back, read

REFERENCE = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def report(
    *,
    action: str = "failed",
    status: str = "5.1.1",
    reference: str = REFERENCE,
    headers_alone: bool = False,
    report_type: str = "multipart/report; report-type=delivery-status",
    recipients: int = 1,
) -> bytes:
    """In the shape of RFC 3464 appendix E, with one block for each recipient."""
    block = (
        "Original-Recipient: rfc822;ana@example.org\nFinal-Recipient: rfc822; ana@mail.example.org\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 no such user here\n"
    )
    mail = f"From: shop@shop.test\nTo: ana@example.org\nSubject: Topped up\nMessage-ID: <{reference}@shop.test>\n"
    third = "text/rfc822-headers" if headers_alone else "message/rfc822"
    return (
        f"From: MAILER-DAEMON@mx.test\nTo: shop@shop.test\nSubject: Undelivered Mail Returned to Sender\n"
        f'MIME-Version: 1.0\nContent-Type: {report_type}; boundary="b1"\n'
        f"Message-ID: <{'f' * 32}@mx.test>\n\n"
        "--b1\nContent-Type: text/plain\n\nThis is the mail system.\n\n"
        "--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\nX-Postfix-Queue-ID: 4Y\n\n"
        + "\n".join([block] * recipients)
        + f"\n--b1\nContent-Type: {third}\n\n{mail}\n"
        + ("" if headers_alone else "Hello\n")
        + "\n--b1--\n"
    ).encode()


@pytest.mark.parametrize(
    ("made", "read_as", "gone"),
    [
        (report(), Back(REFERENCE, "5.1.1"), True),
        (report(headers_alone=True), Back(REFERENCE, "5.1.1"), True),
        (report(recipients=2), Back(REFERENCE, "5.1.1"), True),
        (report(action="FAILED", status="5.1.2 (no such host)"), Back(REFERENCE, "5.1.2"), True),
        (report(status="5.2.2"), Back(REFERENCE, "5.2.2"), False),
        (report(status="4.4.7"), Back(REFERENCE, "4.4.7"), False),
        (report(status=""), Back(REFERENCE, ""), False),
        (report(reference=f"{REFERENCE[:8]}-{REFERENCE[8:12]}-{REFERENCE[12:16]}-{REFERENCE[16:20]}-{REFERENCE[20:]}"),
         Back(REFERENCE, "5.1.1"), True),
        (report(action="delayed", status="4.4.1"), None, False),
        (report(action="delivered", status="2.0.0"), None, False),
        (report(action="relayed"), None, False),
        (report(reference="someone.elses.id"), None, False),
        (report(report_type="multipart/mixed"), None, False),
        (b"Subject: out of office\n\nI am away.\n", None, False),
        (b"", None, False),
        (report()[:400], None, False),
        (report() + b"x" * MAX_BYTES, None, False),
    ],
)  # fmt: skip
def test_a_report_says_which_mail_of_ours_came_back_and_whether_for_good(
    made: bytes, read_as: Back | None, *, gone: bool
) -> None:
    found = read(made)
    assert found == read_as
    assert found is None or found.gone is gone


def test_the_report_s_own_id_is_never_taken_for_the_mail_s() -> None:
    assert read(report(reference="x")) is None


@given(st.binary(max_size=400), st.integers(0, 900))
def test_no_octets_break_the_reader(octets: bytes, at: int) -> None:
    whole = report()
    read(octets)
    read(whole[:at] + octets + whole[at:])
