"""How an eSIM is installed, wherever a template tells it: it needs nothing of the page that it stands on."""

from __future__ import annotations

from django import template

from opla.presenting import install

register = template.Library()


@register.simple_tag
def install_guides() -> install.Install:
    return install.guides()
