"""Bring the translation files up to date with the code; says what still has no words."""

from __future__ import annotations

import argparse


def add_arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: argparse.Namespace) -> int:
    from opla.site.messages import update

    left = update()
    for language, messages in left.items():
        print(f"{language}: {len(messages)} missing")
        for message in messages:
            print(f"  {message!r}")
    return 1 if any(left.values()) else 0
