"""What a bank says of an account: read from its files, told apart, and seen to be whole."""

from opla.core.statement.model import MAX_BYTES, Line, Source, Statement, Unreadable
from opla.core.statement.reading import read

__all__ = ["MAX_BYTES", "Line", "Source", "Statement", "Unreadable", "read"]
