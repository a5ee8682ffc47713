"""What templates may ask for: figures in the active language, assets by content, a form field with its error."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from opla.core.money import Money
from opla.presenting import figures, languages, usage
from opla.storefront.forms import Form
from opla.storefront.patience import kept_or_new

register = template.Library()


@register.filter
def spoken(tag: str) -> str:
    """What a language calls itself."""
    return languages.NAMES.get(tag, tag)


@register.filter
def money(amount: Money) -> str:
    return figures.money(amount)


@register.filter
def money_short(amount: Money) -> str:
    return figures.money_short(amount)


@register.filter
def moment(at: datetime) -> str:
    return figures.moment(at)


@register.filter
def clock(at: datetime) -> str:
    return figures.clock(at)


@register.filter
def minute(at: datetime) -> str:
    return figures.minute(at)


@register.filter
def day(at: date) -> str:
    return figures.day(at)


@register.filter
def last_day(end: datetime) -> str:
    return usage.until(end)


@register.filter
def picture(svg: str) -> SafeString:
    """A picture drawn by us (`presenting.pictures`), as markup."""
    return mark_safe(svg)  # noqa: S308  (segno's own SVG of our own text: no markup of anybody else's is in it)


@register.simple_tag
def asset(name: str) -> str:
    """The address of a static file with the beginning of its content's hash: kept for a year, and never stale."""
    return f"{static(name)}?{_content(name)}"


@cache
def _content(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise template.TemplateSyntaxError(f"there is no static file {name!r}")
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:10]


@register.inclusion_tag("storefront/patience.html", takes_context=True)
def patience(context: template.Context) -> dict[str, object]:
    """What a form that any stranger may send carries (`storefront.patience`)."""
    return {"token": kept_or_new(context["request"])}


@register.inclusion_tag("storefront/field.html")
def field(
    form: Form, name: str, label: str, hint: str = "", kind: str = "text", **attributes: str
) -> dict[str, object]:
    """An input with its label, its hint and its error, tied together for those who cannot see them."""
    error = form.errors.get(name, "")
    described = [f"{name}-{part}" for part, there in (("error", error), ("hint", hint)) if there]
    return {
        "name": name,
        "label": label,
        "hint": hint,
        "kind": kind,
        "value": form.values.get(name, ""),
        "error": error,
        "described": " ".join(described),
        "focus": form.first == name,
        "attributes": {key.replace("_", "-"): value for key, value in attributes.items()},
    }
