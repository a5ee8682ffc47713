"""The accountant's numbers that months are exported under: the file that is shipped, or the owner's own."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from opla.core.chart import Chart, parse
from opla.core.refusal import Code, Refusal
from opla.operations.read_catalog import CATALOGS, CatalogFileError, read_checked


def chart() -> Chart | Refusal:
    """Read each time: an owner edits it between two exports, and looks at what comes of it."""
    path = Path(settings.CHART) if settings.CHART else CATALOGS / "accounts.yaml"
    try:
        return parse(read_checked(path, "accounts.schema.json", parse))
    except CatalogFileError as error:
        return Refusal(Code.CHART_INVALID, "chart", {"what": "; ".join(map(str, error.mistakes))})
    except OSError as error:
        return Refusal(Code.CHART_INVALID, "chart", {"what": f"{path}: {error.strerror}"})
