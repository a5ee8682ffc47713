"""Every shape of a rule, shown on a named operator: the table behind docs/reference/rules.md and its test."""

from __future__ import annotations
