"""In what a page is read, as far as a user agent says: inside another app (whose window is no whole browser), on which
phone, and whether Google's services are missing there. And what therefore does not work.

A user agent is only a hint: apps change it, and some say nothing. So nothing is forbidden by it: a page says what may
fail and offers another way. An app that is not recognised is treated as a browser.

| what fails | inside an app, because | without Google's services, because |
|---|---|---|
| downloads  | WeChat and others have no place to put a file | |
| passkeys, Apple Pay | the app must ask for them, and few do | |
| install    | only a browser puts a page among the apps | |
| push       | there is no service worker, or no permission to ask for | Chromium's push service is Google's |
| bank app   | links into other apps are stopped | |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class App(StrEnum):
    """An app that shows pages in a window of its own."""

    WECHAT = "wechat"
    WECOM = "wecom"
    ALIPAY = "alipay"
    QQ = "qq"
    WEIBO = "weibo"
    DOUYIN = "douyin"
    DINGTALK = "dingtalk"
    TIKTOK = "tiktok"
    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINE = "line"
    OTHER = "other"  # a window of some app, whose name is not said


class Phone(StrEnum):
    IPHONE = "iphone"  # and iPad
    ANDROID = "android"
    HARMONY = "harmony"  # Huawei's own system
    OTHER = "other"  # a computer, or nobody knows


class Fails(StrEnum):
    """What may not work there, in the order in which it is said."""

    BANK_APP = "bank_app"
    APPLE_PAY = "apple_pay"
    DOWNLOADS = "downloads"
    PASSKEYS = "passkeys"
    INSTALL = "install"
    PUSH = "push"


#: The first that is found is the app: those that carry another's word stand before it.
_APPS: Final = (
    ("wxwork/", App.WECOM),
    ("MicroMessenger/", App.WECHAT),
    ("AlipayClient/", App.ALIPAY),
    ("DingTalk/", App.DINGTALK),
    (" QQ/", App.QQ),
    ("Weibo", App.WEIBO),
    ("aweme", App.DOUYIN),
    ("musical_ly", App.TIKTOK),
    ("trill_", App.TIKTOK),
    ("Instagram ", App.INSTAGRAM),
    ("FBAN/", App.FACEBOOK),
    ("FBAV/", App.FACEBOOK),
    ("FB_IAB/", App.FACEBOOK),
    (" Line/", App.LINE),
)
#: Android says so itself (developer.chrome.com, "User-Agent in WebView"); on an iPhone every whole browser says Safari.
_ANDROID_WINDOW: Final = re.compile(r"; wv\)")
_IPHONE: Final = re.compile(r"\((?:iPhone|iPad|iPod)")
_IN_APP: Final = (Fails.BANK_APP, Fails.DOWNLOADS, Fails.PASSKEYS, Fails.INSTALL, Fails.PUSH)


@dataclass(frozen=True)
class Browser:
    """`app` is None in a browser of its own. `google` is False where Google's services are known to be missing."""

    app: App | None = None
    phone: Phone = Phone.OTHER
    google: bool = True

    @property
    def fails(self) -> tuple[Fails, ...]:
        found = set(_IN_APP) if self.app else set()
        if self.app and self.phone is Phone.IPHONE:
            found.add(Fails.APPLE_PAY)
        if not self.google:
            found.add(Fails.PUSH)
        return tuple(failing for failing in Fails if failing in found)


def read_browser(user_agent: str) -> Browser:
    """What a request's `User-Agent` says."""
    phone = _phone(user_agent)
    return Browser(_app(user_agent, phone), phone, google=not _without_google(user_agent))


def _app(user_agent: str, phone: Phone) -> App | None:
    for word, app in _APPS:
        if word in user_agent:
            return app
    if _ANDROID_WINDOW.search(user_agent):
        return App.OTHER
    if phone is Phone.IPHONE and "AppleWebKit/" in user_agent and "Safari" not in user_agent:
        return App.OTHER
    return None


def _phone(user_agent: str) -> Phone:
    if _IPHONE.search(user_agent):
        return Phone.IPHONE
    if "HarmonyOS" in user_agent or "OpenHarmony" in user_agent:
        return Phone.HARMONY
    return Phone.ANDROID if "Android" in user_agent else Phone.OTHER


def _without_google(user_agent: str) -> bool:
    """Huawei's services say their name, and Google's beside them where both are there."""
    huawei = any(word in user_agent for word in ("HMSCore", "HarmonyOS", "OpenHarmony", "HuaweiBrowser/"))
    return huawei and "GMSCore" not in user_agent
