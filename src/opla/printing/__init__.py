"""Printers of receipts by their address: `tcp:HOST[:PORT]`, `usb:VENDOR:PRODUCT` (as lsusb says), `file:PATH`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opla.core.paper import Paper

if TYPE_CHECKING:
    from opla.printing.escpos import Roll

_PORT = 9100


def at(address: str, paper: Paper) -> Roll:
    """The printer at this address; it is opened by `with`. Raises ValueError when there is no such kind of address."""
    # Half a second and an image library, which nobody needs who prints nothing.
    from opla.printing.escpos import OneWay, TwoWay

    way, _, where = address.partition(":")
    if way == "tcp" and where:
        host, _, port = where.partition(":")
        if host and (port or str(_PORT)).isdecimal():
            return TwoWay.by_network(host, int(port or _PORT), paper)
    if way == "usb":
        vendor, _, product = where.partition(":")
        if _is_id(vendor) and _is_id(product):
            return TwoWay.by_usb(int(vendor, 16), int(product, 16), paper)
    if way == "file" and where:
        return OneWay(where, paper)
    raise ValueError(f"{address!r} is no printer: tcp:HOST:PORT, usb:VENDOR:PRODUCT or file:PATH")


def _is_id(text: str) -> bool:
    return len(text) == 4 and all(sign in "0123456789abcdef" for sign in text.lower())
