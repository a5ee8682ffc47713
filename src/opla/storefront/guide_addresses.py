"""The guide's addresses: readable, one per question and language, and for ever, because others link to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from opla.core.catalog import Catalog
from opla.core.guide import STAY_DAYS, Asked, Question, asked

#: `{operator}` stands for an operator's id; `{days}` for the stay that is planned for.
ADDRESSES: Final[dict[Question, dict[str, str]]] = {
    Question.RENEW: {
        "en": "renew-a-5g-prepaid-card", "fr": "recharger-une-carte-prepayee-5g", "nl": "5g-prepaidkaart-herladen",
        "de": "5g-prepaid-karte-aufladen", "zh-Hans": "5G卡怎么续费",
    },
    Question.TOP_UP: {
        "en": "top-up-{operator}", "fr": "recharger-{operator}", "nl": "{operator}-herladen",
        "de": "{operator}-aufladen", "zh-Hans": "{operator}-怎么充值",
    },
    Question.RENEW_EARLY: {
        "en": "renew-{operator}-early", "fr": "recharger-{operator}-plus-tot", "nl": "{operator}-vroeger-herladen",
        "de": "{operator}-frueher-aufladen", "zh-Hans": "{operator}-提前续费",
    },
    Question.WHAT_IS_LEFT: {
        "en": "check-{operator}-balance", "fr": "solde-{operator}", "nl": "{operator}-saldo",
        "de": "{operator}-guthabenstand", "zh-Hans": "{operator}-查余额",
    },
    Question.NUMBER_LIFE: {
        "en": "how-long-a-{operator}-number-lives", "fr": "validite-du-numero-{operator}",
        "nl": "{operator}-nummer-geldigheid", "de": "{operator}-nummer-gueltigkeit", "zh-Hans": "{operator}-号码有效期",
    },
    Question.STAY: {
        "en": "which-plan-for-{days}-days", "fr": "quel-plan-tarifaire-pour-{days}-jours",
        "nl": "welk-tariefplan-voor-{days}-dagen", "de": "welcher-tarif-fuer-{days}-tage",
        "zh-Hans": "{days}天用什么套餐",
    },
    Question.WHOSE: {
        "en": "whose-sim-is-it", "fr": "de-quel-operateur-est-ma-sim", "nl": "van-welke-operator-is-mijn-simkaart",
        "de": "von-welchem-anbieter-ist-meine-sim", "zh-Hans": "SIM卡是哪家运营商",
    },
    Question.ESIM: {
        "en": "can-my-phone-use-an-esim", "fr": "mon-telephone-accepte-t-il-une-esim",
        "nl": "kan-mijn-telefoon-een-esim-gebruiken",
        "de": "kann-mein-handy-esim", "zh-Hans": "我的手机能用eSIM吗",
    },
    Question.NEW_NUMBER: {
        "en": "get-a-number-as-a-visitor", "fr": "obtenir-un-numero-en-visite", "nl": "een-nummer-krijgen-als-bezoeker",
        "de": "als-gast-eine-nummer-bekommen", "zh-Hans": "游客怎么办手机号",
    },
}  # fmt: skip


def address(one: Asked, language: str) -> str:
    """The last part of a page's address."""
    return ADDRESSES[one.question][language].format(operator=one.operator, days=STAY_DAYS)


def found(catalog: Catalog, language: str, slug: str) -> Asked | None:
    """The page at an address; None where there is none."""
    return next((one for one in asked(catalog) if address(one, language) == slug), None)


def all_languages(one: Asked) -> Iterator[tuple[str, str]]:
    """Each language with the page's address in it."""
    return ((language, address(one, language)) for language in ADDRESSES[one.question])
