"""What every page on which something is proposed and approved reads of its form, and says where that was refused."""

from __future__ import annotations

from django.http import HttpRequest

from opla.core.refusal import Refusal
from opla.presenting.refusals import sentence


def version_seen(request: HttpRequest) -> int:
    """The version that was on the screen; one that no version has where that cannot be read."""
    return whole(request.POST.get("seen", ""), -1)


def whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else otherwise


def told(refused: Refusal | list[str] | None) -> dict[str, object]:
    """A refusal as a sentence, or what would be wrong with the document, line by line."""
    if isinstance(refused, list):
        return {"mistakes": refused}
    return {"told": sentence(refused)} if refused else {}
