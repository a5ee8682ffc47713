"""A reseller's file of orders: how it is read, what its columns mean, and the life of the file and of its rows."""

from opla.core.bulk.life import ARROWS, ENDED, WORKED_ON, Event, RowState, State, moved, outcome, sources_of
from opla.core.bulk.reading import MAX_BYTES, MAX_ROWS, SHEET, Table, heading, read
from opla.core.bulk.rows import COLUMNS, NOT_SAID, Row, Source, column_of, headings, rows_of

__all__ = [
    "ARROWS", "COLUMNS", "ENDED", "MAX_BYTES", "MAX_ROWS", "NOT_SAID", "SHEET", "WORKED_ON", "Event", "Row", "RowState",
    "Source", "State", "Table", "column_of", "heading", "headings", "moved", "outcome", "read", "rows_of", "sources_of",
]  # fmt: skip
