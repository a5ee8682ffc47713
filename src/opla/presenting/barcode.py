"""Digits as a barcode that every scanner reads: Code 128, set C, two digits a sign (ISO/IEC 15417)."""

from __future__ import annotations

from typing import Final

#: The widths of bars and spaces in turn, of each value from 0; 105 begins a barcode in set C.
_WIDTHS: Final = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222"
    "123122123221223211221132221231213212223112312131311222321122321221312212322112322211212123212321"
    "232121111323131123131321112313132113132311211313231113231311112133112331132131113123113321133121"
    "313121211331231131213113213311213131311123311321331121312113312311332111314111221411431111111224"
    "111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111"
    "111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113"
    "114311411113411311113141114131311141411131211412211214211232"
)
_SIGN: Final = 6  # bars and spaces of a value
_START_C: Final = 105
_STOP: Final = "2331112"
_QUIET: Final = 10  # modules that stay white at both sides
_HIGH: Final = 40


def code128(digits: str) -> str:
    """One SVG, a module wide to one unit, bars across its whole height. Raises ValueError for what has no pairs."""
    if not digits.isascii() or not digits.isdigit() or len(digits) % 2:
        raise ValueError("a barcode has an even number of digits")
    values = [int(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    check = (_START_C + sum(at * value for at, value in enumerate(values, start=1))) % 103
    widths = "".join(_WIDTHS[_SIGN * v : _SIGN * (v + 1)] for v in (_START_C, *values, check)) + _STOP
    at, bars = _QUIET, []
    for place, width in enumerate(map(int, widths)):
        if place % 2 == 0:
            bars.append(f"M{at} 0h{width}v{_HIGH}h-{width}z")
        at += width
    wide = at + _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {_HIGH}" preserveAspectRatio="none">'
        f'<path fill="#fff" d="M0 0h{wide}v{_HIGH}h-{wide}z"/><path d="{"".join(bars)}"/></svg>'
    )
