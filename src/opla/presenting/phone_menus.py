"""What phones call their own settings: the words of their screens, so written as they write them, and not ours.

From how these phones are known to name them in November 2026; nobody read every model, so whoever shows one says
"reported".
"""

from __future__ import annotations

from typing import Final

from opla.core.trouble import Phone, Step
from opla.presenting import languages

#: A menu, and its name on a phone set to English, French, Dutch, German and Chinese.
MENUS: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "settings": ("Settings", "Réglages", "Instellingen", "Einstellungen", "设置"),
    "iphone_data": ("Mobile Data", "Données cellulaires", "Mobiel netwerk", "Mobilfunk", "蜂窝网络"),
    "android": (
        "Network & internet", "Réseau et Internet", "Netwerk en internet", "Netzwerk & Internet", "网络和互联网",
    ),
    "xiaomi": (
        "SIM cards & mobile networks", "Cartes SIM et réseaux mobiles", "Simkaarten en mobiele netwerken",
        "SIM-Karten & mobile Netzwerke", "双卡与移动网络",
    ),
    "huawei": ("Mobile network", "Réseau mobile", "Mobiel netwerk", "Mobilfunknetz", "移动网络"),
    "huawei_data": ("Mobile data", "Données mobiles", "Mobiele data", "Mobile Daten", "移动数据"),
    "sims": ("SIMs", "SIM", "Simkaarten", "SIM-Karten", "SIM 卡"),
    "sim_management": ("SIM management", "Gestion SIM", "Simbeheer", "SIM-Verwaltung", "SIM 卡管理"),
    "apn": (
        "Access Point Names", "Noms des points d’accès", "Toegangspuntnamen", "Zugangspunkte (APN)", "接入点名称 (APN)",
    ),
    "iphone_apn": (
        "Mobile Data Network", "Réseau de données cellulaires", "Mobieledatanetwerk", "Mobiles Datennetzwerk",
        "蜂窝数据网络",
    ),
    "type": (
        "Preferred network type", "Type de réseau préféré", "Voorkeursnetwerktype", "Bevorzugter Netzwerktyp",
        "首选网络类型",
    ),
    "iphone_type": ("Voice & Data", "Voix et données", "Spraak en data", "Sprache & Daten", "语音与数据"),
    "roaming": ("Data roaming", "Itinérance des données", "Dataroaming", "Datenroaming", "数据漫游"),
    "networks": ("Mobile networks", "Réseaux mobiles", "Mobiele netwerken", "Mobilfunknetze", "移动网络"),
    "selection": ("Network Selection", "Sélection du réseau", "Netwerkselectie", "Netzauswahl", "网络选择"),
    "add_esim": ("Add eSIM", "Ajouter une eSIM", "eSIM toevoegen", "eSIM hinzufügen", "添加 eSIM"),
    "iphone_qr": ("Use QR Code", "Utiliser un code QR", "Gebruik QR-code", "QR-Code verwenden", "使用二维码"),
    "iphone_by_hand": (
        "Enter Details Manually", "Saisir les détails manuellement", "Voer gegevens handmatig in",
        "Details manuell eingeben", "手动输入详细信息",
    ),
    "samsung": ("Connections", "Connexions", "Verbindingen", "Verbindungen", "连接"),
    "sim_manager": ("SIM manager", "Gestionnaire SIM", "Simkaartbeheer", "SIM-Manager", "SIM 卡管理器"),
    "wifi_calling": ("Wi-Fi calling", "Appels Wi-Fi", "Bellen via wifi", "WLAN-Anrufe", "WLAN 通话"),
}  # fmt: skip

_LANGUAGES: Final = ("en", "fr", "nl", "de", "zh-Hans")

_IPHONE, _ANDROID = ("settings", "iphone_data"), ("settings", "android", "sims")
_XIAOMI, _HUAWEI = ("settings", "xiaomi"), ("settings", "huawei")

#: Where each phone has it: its menus one after the other, as far as they are alike on its models.
PATHS: Final[dict[Step, dict[Phone, tuple[str, ...]]]] = {
    step: {
        Phone.IPHONE: (*_IPHONE, *iphone),
        Phone.ANDROID: (*_ANDROID, *android),
        Phone.XIAOMI: (*_XIAOMI, *xiaomi),
        Phone.HUAWEI: (*_HUAWEI, *huawei),
    }
    for step, iphone, android, xiaomi, huawei in (
        (Step.SIM_SLOT, ("sims",), (), (), ("sim_management",)),
        (Step.RESEAT, ("sims",), (), (), ("sim_management",)),
        (Step.WIFI_CALLING, ("wifi_calling",), ("wifi_calling",), ("wifi_calling",), ("wifi_calling",)),
        (Step.DATA_SWITCH, (), (), (), ("huawei_data",)),
        (Step.DATA_SIM, ("iphone_data",), (), (), ("sim_management",)),
        (Step.APN, ("iphone_apn",), ("apn",), ("apn",), ("huawei_data", "apn")),
        (Step.FOUR_G, ("iphone_type",), ("type",), ("type",), ("huawei_data",)),
        (Step.AUTO_NETWORK, ("selection",), (), ("networks",), ("huawei_data",)),
        (Step.ROAMING, ("roaming",), ("roaming",), ("roaming",), ("huawei_data", "roaming")),
    )
}


def named(*menus: str) -> str:
    """Menus one after the other, as a phone set to the reader's language says them."""
    column = _LANGUAGES.index(languages.current())
    return " › ".join(MENUS[menu][column] for menu in menus)


def path(step: Step, phone: str) -> str:
    """`Settings › Mobile Data`, as a phone set to the reader's language says it; empty where it has no menu for it."""
    if not phone or step not in PATHS:
        return ""
    return named(*PATHS[step][Phone(phone)])
