"""In what a page is read, in words: what may fail there, and how to come into a browser."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.browser import App, Browser, Fails, Phone

#: As the app is called; those of China have a name in Chinese.
_NAMES: Final[dict[App, str]] = {
    App.WECHAT: gettext_noop("WeChat"),
    App.WECOM: gettext_noop("WeCom"),
    App.ALIPAY: gettext_noop("Alipay"),
    App.QQ: "QQ",
    App.WEIBO: gettext_noop("Weibo"),
    App.DOUYIN: gettext_noop("Douyin"),
    App.DINGTALK: gettext_noop("DingTalk"),
    App.TIKTOK: "TikTok",
    App.FACEBOOK: "Facebook",
    App.INSTAGRAM: "Instagram",
    App.LINE: "LINE",
}

_FAILS: Final[dict[Fails, str]] = {
    Fails.BANK_APP: gettext_noop("Opening your bank's app to approve a payment."),
    Fails.APPLE_PAY: gettext_noop("Apple Pay."),
    Fails.DOWNLOADS: gettext_noop("Downloading a file, such as a receipt."),
    Fails.PASSKEYS: gettext_noop("Signing in with a passkey."),
    Fails.INSTALL: gettext_noop("Putting the shop on your home screen."),
    Fails.PUSH: gettext_noop("Notifications. We write e-mails as well, and those always come."),
}

#: Where the way out is behind three dots at the top right; elsewhere it is not known for certain.
_DOTS: Final = frozenset({App.WECHAT, App.WECOM, App.ALIPAY, App.QQ, App.WEIBO, App.FACEBOOK, App.INSTAGRAM})


def name(app: App) -> str:
    return _(_NAMES[app]) if app in _NAMES else _("another app")


def fails(browser: Browser) -> list[str]:
    """What may not work there; empty where nothing is known to fail."""
    return [_(_FAILS[failing]) for failing in browser.fails]


def way_out(browser: Browser) -> list[str]:
    """Steps into a browser of its own."""
    first = (
        _("Tap ··· at the top right.")
        if browser.app in _DOTS
        else _("Look for ··· or a share sign at the edge of the screen.")
    )
    second = _("Choose “Open in Safari”.") if browser.phone is Phone.IPHONE else _("Choose “Open in browser”.")
    return [first, second, _("If neither is there: copy the link below, and paste it into your browser.")]
