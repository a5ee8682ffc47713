"""What stands beside an order or a refusal: the operator's customer care, and its own words."""

from __future__ import annotations

from django import template

from opla.core.catalog import Operator
from opla.presenting import official

register = template.Library()


@register.inclusion_tag("storefront/care.html")
def care(operator: Operator, *, here: bool = False) -> dict[str, object]:
    """Who to ask at the operator, from where, what to say. `here`: on its own page, which needs no link to itself."""
    return {"care": official.care(operator), "operator": operator, "here": here}


@register.inclusion_tag("storefront/words.html")
def words(operator: Operator) -> dict[str, object]:
    """The operator's own words with their meaning; nothing where the catalogue knows none."""
    return {"words": official.words(operator), "operator": operator}
