"""What each adapter may be given by its owner, read off its `config.py`; for the reference and for `doctor`."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Final

import opla
from opla.environment import AREAS, Adapter

#: For tests alone, and so told nowhere: where somebody is called, and for how long.
_FOR_TESTS: Final = ("base_url", "auth_url", "timeout_s")
_BY_ITSELF: Final = ("OPLA_NOTICES_WEB_PUSH_KEY",)


def adapters() -> Iterator[Adapter]:
    """Those that come with Opla and have something to fill in; the sandbox fills in its own."""
    for area in AREAS:
        for path in sorted(Path(opla.__file__).parent.glob(f"{area}/*/config.py")):
            name = path.parent.name
            module = importlib.import_module(f"opla.{area}.{name}.config")
            if name == "sandbox" or not is_dataclass(module.Config):
                continue
            found = [field for field in fields(module.Config) if field.name not in _FOR_TESTS]
            # Bank transfers are set up by OPLA_BANK_…, which is told among the shop's own.
            if found and name != "bank_transfer":
                told = (module.__doc__ or "").strip().partition("\n")[0]
                yield Adapter(name, told, [_told(area, name, field) for field in found])


def names() -> list[str]:
    """Every setting that an adapter reads, those for tests as well."""
    for_tests = [
        f"OPLA_{path.parent.parent.name}_{path.parent.name}_{field}".upper()
        for area in AREAS
        for path in Path(opla.__file__).parent.glob(f"{area}/*/config.py")
        for field in _FOR_TESTS
    ]
    return [name for adapter in adapters() for name, _, _ in adapter.fields] + for_tests


def _told(area: str, adapter: str, field: Field[object]) -> tuple[str, bool, str]:
    name = f"OPLA_{area}_{adapter}_{field.name}".upper()
    needed = field.default is MISSING and field.default_factory is MISSING
    if name in _BY_ITSELF:
        default = "the shop's own, from its keys"
    elif needed:
        default = "needed"
    elif isinstance(field.default, bool):
        default = f"`{int(field.default)}`"
    elif isinstance(field.default, tuple):
        default = "`" + ",".join(map(str, field.default)) + "`"
    else:
        default = f"`{field.default}`" if field.default else "none"
    return name, not field.repr, default
