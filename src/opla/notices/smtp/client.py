"""One delivery to a mail server, on a connection of its own, as a word: how far it came and what the last reply was.

The library's time-outs start anew with every line, so a timer ends the whole of it.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from email.message import EmailMessage

from opla.notices.smtp.config import Config

#: It broke before a word of the message, and after.
NEVER, BROKE = "never", "broke"


class Client:
    def __init__(self, config: Config, tls: ssl.SSLContext | None = None) -> None:
        self._config = config
        self._tls = tls or ssl.create_default_context()

    def deliver(self, message: EmailMessage, sender: str, to: str) -> str:
        """`<what was said>-<first digit of the reply>`, as `mapping.REPLY` has them; `NEVER` or `BROKE`."""
        said, begun = "greeting", False
        server = self._server()
        timer = threading.Timer(self._config.timeout_s, _end, [server])
        timer.daemon = True
        timer.start()
        try:
            for said, talk in self._talk(server, sender, to):
                code, _ = talk()
                if not 200 <= code < 400:
                    return f"{said}-{code // 100}" if 400 <= code < 600 else NEVER
            begun = True
            server.send(_stuffed(message))
            code, _ = server.getreply()
        except smtplib.SMTPResponseException as no:
            # The library says what it could not read in a text of its own; what a server said is bytes.
            theirs = isinstance(no.smtp_error, bytes)
            return f"{said}-{no.smtp_code // 100}" if theirs else BROKE if begun else NEVER
        except (smtplib.SMTPException, OSError, ValueError):
            return BROKE if begun else NEVER
        else:
            return f"message-{code // 100}"
        finally:
            timer.cancel()
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.close()

    def _server(self) -> smtplib.SMTP:
        """Not connected yet; whose certificate it must see is said now, as the library does while it connects."""
        timeout_s = self._config.timeout_s
        at_once = self._config.tls == "tls"
        server = smtplib.SMTP_SSL(timeout=timeout_s, context=self._tls) if at_once else smtplib.SMTP(timeout=timeout_s)
        server._host = self._config.host  # type: ignore[attr-defined]  # noqa: SLF001 - see above
        return server

    def _talk(self, server: smtplib.SMTP, sender: str, to: str) -> list[tuple[str, Callable[[], tuple[int, bytes]]]]:
        """Everything before the message, in order."""
        return [
            ("greeting", lambda: server.connect(self._config.host, self._config.port)),
            ("hello", server.ehlo),
            ("tls", lambda: self._secure(server)),
            ("login", lambda: self._login(server)),
            ("sender", lambda: server.mail(sender)),
            ("recipient", lambda: server.rcpt(to)),
            ("data", lambda: server.docmd("DATA")),
        ]

    def _secure(self, server: smtplib.SMTP) -> tuple[int, bytes]:
        if self._config.tls != "starttls":
            return 250, b""
        code, said = server.starttls(context=self._tls)
        return server.ehlo() if code == 220 else (code, said)

    def _login(self, server: smtplib.SMTP) -> tuple[int, bytes]:
        return server.login(self._config.user, self._config.password) if self._config.user else (250, b"")


def _stuffed(message: EmailMessage) -> bytes:
    """The message with its end; a line of one full stop would be one (RFC 5321 §4.5.2)."""
    lines = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return body.rstrip(b"\r\n") + b"\r\n.\r\n"


def _end(server: smtplib.SMTP) -> None:
    if server.sock is not None:
        with contextlib.suppress(OSError):
            server.sock.shutdown(socket.SHUT_RDWR)
