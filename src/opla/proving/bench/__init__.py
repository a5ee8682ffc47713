"""Figures: what Opla does in a second, beside a floor measured in the same run.

A measurement is a function `(Bench) -> list[Row]` in a file of its own; `registry.MEASURES` names its rows.
"""
