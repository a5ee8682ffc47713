"""What stands beside an order or a refusal: the operator's customer care, and its own words."""

from __future__ import annotations

from django import template

from opla.core.catalog import Operator
from opla.presenting import official

register = template.Library()


@register.inclusion_tag("storefront/care.html")
def care(operator: Operator) -> dict[str, object]:
    """Who to ask at the operator, from where, and what to say."""
    return {"care": official.care(operator), "operator": operator}


@register.inclusion_tag("storefront/words.html")
def words(operator: Operator) -> dict[str, object]:
    """The operator's own words with their meaning; nothing where the catalogue knows none."""
    return {"words": official.words(operator), "operator": operator}
