"""Who looks at every answer of the house's pages, whoever or whatever asked: what breaks, and what is told to whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from opla.core.actor import Role
from surfaces.everything import Everything

#: Who of the house sees people's data. The others see money, counters and their own colleagues.
SEES_PEOPLE: Final = (Role.OWNER, Role.SUPPORT)
#: How a page that broke shows it, were it shown.
_BROKEN: Final = re.compile(
    r"Traceback \(most recent|psycopg\.|DoesNotExist|django\.(db|core|urls)|File \"/|\bat 0x[0-9a-f]{8}"
)
_BLANK: Final = re.compile(r"[\s\-\u00a0]")


def bare(text: str) -> str:
    return _BLANK.sub("", text)


@dataclass
class Judge:
    """What was wrong with answers, a line each. `typed` is what was sent: it may stand in its own answer."""

    house: Everything
    wrong: list[str] = field(default_factory=list)
    seen: int = 0

    def look(
        self, role: Role | None, asked: str, status: int, body: str, *, typed: str = "", raised: object = None
    ) -> None:
        self.seen += 1
        if status >= 500 or raised is not None:
            self._say(role, asked, f"{status} {raised!r}", typed)
            return
        if found := _BROKEN.search(body):
            self._say(role, asked, f"tells {found[0]!r}", typed)
        plain = bare(body)
        for secret in self.house.secrets:
            if bare(secret) in plain and bare(secret) not in bare(typed):
                self._say(role, asked, f"shows the secret {secret}", typed)
        if role not in SEES_PEOPLE:
            for data in self.house.personal:
                if bare(data) in plain and bare(data) not in bare(typed):
                    self._say(role, asked, f"shows {data}", typed)

    def _say(self, role: Role | None, asked: str, what: str, typed: str) -> None:
        self.wrong.append(f"{role or 'stranger'}: {asked}: {what}" + (f" <- {typed[:300]!r}" if typed else ""))

    def told(self) -> str:
        """Every finding once, by what is wrong, with an example."""
        kinds: dict[str, str] = {}
        for one in self.wrong:
            kinds.setdefault(re.sub(r"[0-9a-f-]{36}|\d+|'[^']{0,400}'|<-.*", "…", one, flags=re.DOTALL), one)
        return "\n".join(kinds.values())
