"""What user agents say, as phones really send them (taken from logs, tests and bug reports in public repositories)."""

from __future__ import annotations

import pytest

from opla.core.browser import App, Browser, Fails, Phone, read_browser

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
WECHAT_IPHONE = f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.54(0x18003625) NetType/WIFI Language/zh_CN"
WECHAT_ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; 23049RAD8C Build/TKQ1.221114.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20250201 MMWEBID/2229 "
    "MicroMessenger/8.0.58.2821(0x28003A41) WeChat/arm64 Weixin GPVersion/1 NetType/WIFI Language/zh_CN ABI/arm64"
)
I, A, H, O = Phone.IPHONE, Phone.ANDROID, Phone.HARMONY, Phone.OTHER

ROWS: list[tuple[str, App | None, Phone, bool, str]] = [
    ("WeChat on an iPhone", App.WECHAT, I, True, WECHAT_IPHONE),
    ("WeChat on Android", App.WECHAT, A, True, WECHAT_ANDROID),
    ("WeChat on a Mac", App.WECHAT, O, True,
     ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/98.0.4758.102 "
     "Safari/537.36 MicroMessenger/6.8.0(0x16080000) NetType/WIFI MiniProgramEnv/Mac MacWechat/WMPF XWEB/30817")),
    ("WeChat on HarmonyOS NEXT", App.WECHAT, H, False,
     ("Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 "
     "ArkWeb/4.1.6.1 Mobile HuaweiBrowser/5.0.4.303 MicroMessenger/8.0.5")),
    ("WeCom", App.WECOM, A, True,
     ("Mozilla/5.0 (Linux; Android 12; 22011211C Build/SP1A.210812.016; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Version/4.0 Chrome/89.0.4389.72 MQQBrowser/6.2 TBS/046125 Mobile Safari/537.36 wxwork/4.0.16 "
     "ColorScheme/Light MicroMessenger/7.0.1 NetType/4G Language/zh Lang/zh")),
    ("Alipay on an iPhone", App.ALIPAY, I, True,
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Mobile/22G100 ChannelId(8) Ariver/1.1.0 AliApp(AP/10.8.30.6000) Nebula WK RVKType(0) "
     "AlipayDefined(nt:WIFI,ws:390|844|3.0,ac:ss) AlipayClient/10.8.30.6000 Language/zh-Hans Region/CN NebulaX/1.0.0")),
    ("Alipay on Android", App.ALIPAY, A, True,
     ("Mozilla/5.0 (Linux; U; Android 10; zh-CN; TNN-AN00 Build/TNN-AN00 2.0.0.221(C00E205R3P6)) NebulaSDK/1.8.100112 "
     "Nebula AlipayDefined(nt:WIFI,ws:1080|2306|3.0) AliApp(AP/10.2.80.3587) AlipayClient/10.2.80.3587 "
     "Language/zh-Hans CubeKit/1.0.49")),
    ("Facebook on Android", App.FACEBOOK, A, True,
     ("Mozilla/5.0 (Linux; Android 13; SM-A145F Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Version/4.0 Chrome/129.0.6668.81 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/484.0.0.42.110;]")),
    ("Instagram on an iPhone", App.INSTAGRAM, I, True,
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
     "Instagram 339.0.3.12.91 (iPhone15,2; iOS 18_5; ja_JP; ja; scale=3.00; 1179x2556)")),
    ("LINE", App.LINE, I, True,
     ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
     "Safari Line/14.9.0")),
    ("some app on Android", App.OTHER, A, True,
     ("Mozilla/5.0 (Linux; Android 14; SM-A546E; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
     "Chrome/129.0.0.0 Mobile Safari/537.36")),
    ("some app on an iPhone", App.OTHER, I, True, f"{IPHONE} Mobile/15E148"),
    ("Safari", None, I, True, f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1"),
    ("Chrome on Android", None, A, True,
     ("Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Mobile "
     "Safari/537.36")),
    ("Huawei's browser", None, A, False,
     ("Mozilla/5.0 (Linux; Android 10; ART-L29N; HMSCore 6.13.0.321) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/99.0.4844.88 HuaweiBrowser/14.0.5.303 Mobile Safari/537.36")),
    ("HarmonyOS", None, H, False,
     ("Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AL10; HMSCore 6.8.0.332) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/99.0.4844.88 HuaweiBrowser/13.0.0.310 Mobile Safari/537.36")),
    ("HarmonyOS with Google's services put on it", None, H, True,
     ("Mozilla/5.0 (Linux; Android 10; HarmonyOS; VOG-AL00; HMSCore 6.14.0.302; GMSCore 20.15.16) AppleWebKit/537.36 "
     "(KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36")),
    ("a computer", None, O, True,
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"),
    ("a program", None, O, True, "curl/8.5.0"),
    ("nobody", None, O, True, ""),
]  # fmt: skip


@pytest.mark.parametrize(("app", "phone", "google", "user_agent"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_a_user_agent_says_in_what_a_page_is_read(app: App | None, phone: Phone, google: bool, user_agent: str) -> None:
    assert read_browser(user_agent) == Browser(app, phone, google)


@pytest.mark.parametrize(
    ("browser", "fails"),
    [
        (Browser(), []),
        (Browser(None, I), []),
        (Browser(App.WECHAT, A), ["bank_app", "downloads", "passkeys", "install", "push"]),
        (Browser(App.ALIPAY, I), ["bank_app", "apple_pay", "downloads", "passkeys", "install", "push"]),
        (Browser(None, H, google=False), ["push"]),
    ],
)
def test_what_fails_there_is_said_in_one_order(browser: Browser, fails: list[str]) -> None:
    assert list(browser.fails) == [Fails(name) for name in fails]
