"""A message as mail programs want it: text, and the same as HTML. Pure: the moment is an argument."""

from __future__ import annotations

import html
import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from opla.core.ports import Message

_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_PAGE = (
    '<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{subject}</title></head>'
    '<body style="font:16px/1.6 sans-serif;color:#16202b;max-width:36em;margin:1.5em auto;padding:0 1em">{body}'
    "</body></html>"
)


def mime(message: Message, sender: str, domain: str, at: datetime) -> EmailMessage:
    """Raises ValueError for what no header can hold, such as an address with the end of a line in it."""
    made = EmailMessage(policy=SMTP.clone(max_line_length=990))
    made["From"], made["To"], made["Subject"] = sender, message.to, message.subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message.reference}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"  # so that nobody's absence answers it (RFC 3834 §5)
    for name, value in message.headers.items():
        made[name] = value
    made.set_content(message.text, cte="quoted-printable")
    made.add_alternative(as_html(message), subtype="html", cte="quoted-printable")
    made["Content-Language"] = message.language  # now: what was set before would be of the first part
    return made


def as_html(message: Message) -> str:
    """The text in paragraphs, its addresses as links: nothing that text does not say, and nothing that is fetched."""
    paragraphs = [part for part in re.split(r"\n\s*\n", message.text.strip()) if part]
    body = "".join(f"<p>{_linked(part)}</p>" for part in paragraphs)
    language, subject = html.escape(message.language), html.escape(message.subject)
    return _PAGE.format(language=language, subject=subject, body=body)


def _linked(text: str) -> str:
    found, done = [], 0
    for match in _URL.finditer(text):
        url = html.escape(match[0])
        found += [html.escape(text[done : match.start()]), f'<a href="{url}">{url}</a>']
        done = match.end()
    return "".join([*found, html.escape(text[done:])]).replace("\n", "<br>\n")
