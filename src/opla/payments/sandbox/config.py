"""What the owner fills in: where the sandbox is. It fills that in itself, in `var/sandbox`."""

from __future__ import annotations

from opla.calling import Access


class Config(Access):
    """`base_url` and `secret` of the counterparts' process."""
