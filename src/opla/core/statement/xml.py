"""XML from strangers, read without anything that XML can do beyond elements and text.

A document type declaration is refused as soon as it begins, so there are no entities to grow and nothing to fetch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from opla.core.refusal import Code
from opla.core.statement.model import Unreadable

_MAX_DEPTH = 40  # camt.053 has 20
_MAX_ELEMENTS = 300_000  # thousands of entries; empty ones alone could fill the memory of a small machine


@dataclass(slots=True)
class Element:
    """One element; `name` without its namespace."""

    name: str
    namespace: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, *path: str) -> list[Element]:
        """Every element that this path of names leads to."""
        found = [self]
        for name in path:
            found = [child for one in found for child in one.children if child.name == name]
        return found

    def one(self, *path: str) -> Element | None:
        return next(iter(self.all(*path)), None)

    def said(self, *path: str) -> str:
        """The text there, trimmed; empty where there is none."""
        found = self.one(*path)
        return found.text.strip() if found is not None else ""


def parse(data: bytes) -> Element:
    """The document's root. Raises `Unreadable`."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    root = Element("")
    stack, made = [root], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal made
        made += 1
        if len(stack) > _MAX_DEPTH or made > _MAX_ELEMENTS:
            raise Unreadable(Code.STATEMENT_UNSAFE)
        namespace, _, local = name.rpartition(" ")
        element = Element(local, namespace, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].text += text

    def doctype(*_: object) -> None:
        raise Unreadable(Code.STATEMENT_UNSAFE)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as broken:
        raise Unreadable(_why(data, broken), line=str(broken.lineno)) from None
    except (ValueError, LookupError):  # an encoding that Python cannot read by single bytes
        raise Unreadable(Code.STATEMENT_CHARSET, line="1") from None
    return root.children[0]


def _why(data: bytes, broken: expat.ExpatError) -> Code:
    """Whether its signs are not those it claims, or its shape is broken."""
    if broken.code in (18, 19):  # XML_ERROR_UNKNOWN_ENCODING, XML_ERROR_INCORRECT_ENCODING
        return Code.STATEMENT_CHARSET
    declared = b"encoding" in data[:200] and b"utf-8" not in data[:200].lower()
    if not declared and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            return Code.STATEMENT_CHARSET
    return Code.STATEMENT_BROKEN
