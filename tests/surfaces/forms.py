"""What a page offers whoever looks at it: where its links lead, and its forms as a browser would send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

#: What a browser sends no value of.
_SILENT: Final = frozenset({"submit", "button", "reset", "image"})


@dataclass(frozen=True)
class Field:
    """One control. `choices`: what may be chosen; `shown`: what is sent when nobody touches it, None: nothing."""

    name: str
    kind: str
    shown: str | None
    choices: tuple[str, ...] = ()


@dataclass
class Form:
    """A form of a page. `buttons`: what each of them adds; one that adds nothing is `("", "")`."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def shape(self) -> tuple[str, ...]:
        """Forms that differ by what they are about alone have one shape."""
        return tuple(sorted({one.name for one in self.fields}))

    def sent(self, button: tuple[str, str], typed: Mapping[str, str | None]) -> dict[str, str]:
        """What a browser sends: what is shown, but what was `typed`; None leaves a field out."""
        values = {one.name: typed.get(one.name, one.shown) for one in self.fields}
        name, value = button
        return {k: v for k, v in {**values, **({name: value} if name else {})}.items() if v is not None}


class _Reader(HTMLParser):
    def __init__(self, here: str) -> None:
        super().__init__()
        self.here = here
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: tuple[str, list[str], str | None] | None = None
        self._area: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in said:
            self.links.append(urljoin(self.here, said["href"]))
        elif tag == "form":
            self._form = Form(urljoin(self.here, said.get("action", "")), said.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            self._input(self._form, said)
        elif tag == "button" and said.get("type", "submit") == "submit":
            self._form.buttons.append((said.get("name", ""), said.get("value", "")))
        elif tag == "select":
            self._select = (said.get("name", ""), [], None)
        elif tag == "option" and self._select is not None:
            name, choices, chosen = self._select
            value = said.get("value", "")
            self._select = (name, [*choices, value], value if "selected" in said or not choices else chosen)
        elif tag == "textarea":
            self._area = (said.get("name", ""), "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._form is not None and tag == "select" and self._select is not None:
            name, choices, chosen = self._select
            self._form.fields.append(Field(name, "select", chosen, tuple(choices)))
            self._select = None
        elif self._form is not None and tag == "textarea" and self._area is not None:
            self._form.fields.append(Field(self._area[0], "textarea", self._area[1].removeprefix("\n")))
            self._area = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area = (self._area[0], self._area[1] + data)

    def _input(self, form: Form, said: Mapping[str, str]) -> None:
        name, kind, value = said.get("name", ""), said.get("type", "text"), said.get("value", "")
        if not name or kind in _SILENT:
            return
        if kind in ("checkbox", "radio"):
            value = value or "on"
            known = next((one for one in form.fields if one.name == name), None)
            shown = value if "checked" in said else None
            if known is None:
                form.fields.append(Field(name, kind, shown, (value,)))
            else:
                form.fields.remove(known)
                shown = known.shown if shown is None else shown
                form.fields.append(Field(name, kind, shown, (*known.choices, value)))
        else:
            form.fields.append(Field(name, kind, value))


@dataclass(frozen=True)
class Page:
    links: tuple[str, ...]
    forms: tuple[Form, ...]


def read(html: str, here: str, below: str = "/owner/") -> Page:
    """The links and forms of a page that lead to addresses below this one."""
    reader = _Reader(here)
    reader.feed(html)
    links = [urlsplit(one) for one in reader.links if _within(one, below)]
    forms = [one for one in reader.forms if _within(one.action, below)]
    return Page(tuple(one.path + (f"?{one.query}" if one.query else "") for one in links), tuple(forms))


def _within(address: str, below: str) -> bool:
    found = urlsplit(address)
    return not found.netloc and found.path.startswith(below)
