"""Where a worker may be led by somebody else's address, row by row, and by nobody's cleverness anywhere else."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opla.core.endpoint import REFUSED, Url, callable_at, public, read_url
from opla.core.refusal import Code, Refusal


def why(text: str, *, sandbox: bool = False) -> str:
    found = read_url(text, sandbox=sandbox)
    if isinstance(found, Url):
        return ""
    assert (found.code, found.about) == (Code.WEBHOOK_URL_REFUSED, "url")
    return str(found.params["why"])


#: What is typed, and why nothing is posted there; empty where something is.
TYPED = [
    ("https://hooks.example.com/opla", ""),
    ("https://hooks.example.com", ""),
    ("https://HOOKS.example.com:8443/a?b=c&d=%20", ""),
    ("https://xn--80ak6aa92e.com/", ""),
    ("https://9.9.9.9/x", ""),
    ("https://[2620:fe::fe]/x", ""),
    ("http://hooks.example.com/", "https"),
    ("ftp://hooks.example.com/", "https"),
    ("//hooks.example.com/", "https"),
    ("hooks.example.com", "https"),
    ("", "unreadable"),
    ("https://", "host"),
    ("https://hooks.example.com:22/", "port"),
    ("https://hooks.example.com:80/", "port"),
    ("https://hooks.example.com:0/", "port"),
    ("https://hooks.example.com:99999/", "unreadable"),
    ("https://user:pw@hooks.example.com/", "credentials"),
    ("https://hooks.example.com@10.0.0.1/", "credentials"),
    ("https://hooks.example.com\\@10.0.0.1/", "unreadable"),
    ("https://hooks.example.com/#a", "unreadable"),
    ("https://hooks.example.com/\r\nHost: x", "unreadable"),
    ("https://hooks.example.com/a b", "unreadable"),
    ("https://hööks.example.com/", "unreadable"),
    ("https://hooks.example.com/" + "a" * 500, "long"),
    ("https://localhost/", "host"),
    ("https://intranet/", "host"),
    ("https://hooks.example.com./", "host"),
    ("https://127.1/", "host"),
    ("https://0x7f.1/", "host"),
    ("https://0177.0.0.1/", "host"),
    ("https://2130706433/", "host"),
    ("https://127.0.0.1.example.1/", "host"),
    ("https://-a.example.com/", "host"),
    ("https://a..example.com/", "host"),
    ("https://127.0.0.1/", "private"),
    ("https://169.254.169.254/latest/meta-data/", "private"),
    ("https://[::1]/", "private"),
    ("https://[::ffff:9.9.9.9]/", "private"),
    ("https://[fe80::1%25eth0]/", "host"),
    ("http://127.0.0.1:8080/", "https"),
    ("http://localhost:8080/", "https"),
]


@pytest.mark.parametrize(("typed", "refused"), TYPED, ids=[typed[:60] for typed, _ in TYPED])
def test_what_is_typed_is_posted_to_or_refused_with_its_reason(typed: str, refused: str) -> None:
    assert why(typed) == refused


@pytest.mark.parametrize("typed", ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:99/"])
def test_this_machine_without_tls_is_for_the_sandbox_alone(typed: str) -> None:
    assert why(typed) == "https"
    found = read_url(typed, sandbox=True)
    assert isinstance(found, Url)
    assert found.here
    assert callable_at(found, ["127.0.0.1"])
    assert not callable_at(found, ["9.9.9.9"])
    assert not callable_at(found, ["127.0.0.1", "10.0.0.1"])


@pytest.mark.parametrize(
    "typed", ["http://127.0.0.2/", "http://10.0.0.1/", "http://a.example.com/", "https://127.0.0.1/"]
)
def test_nothing_else_is_opened_by_the_sandbox(typed: str) -> None:
    assert why(typed, sandbox=True) != ""


@pytest.mark.parametrize("network", REFUSED)
def test_both_ends_of_every_refused_network_are_refused_and_so_is_the_name_that_leads_there(network: str) -> None:
    found = ip_network(network)
    for address in (found[0], found[-1], found[found.num_addresses // 2]):
        assert not public(str(address)), address
        url = read_url("https://hooks.example.com/", sandbox=False)
        assert isinstance(url, Url)
        assert not callable_at(url, [str(address)])
        assert not callable_at(url, ["9.9.9.9", str(address)])


@given(st.ip_addresses())
@example(IPv4Address("100.64.0.1"))
@example(IPv6Address("64:ff9b::a9fe:a9fe"))
@example(IPv6Address("::ffff:127.0.0.1"))
@example(IPv6Address("2002:7f00:1::"))
@example(IPv6Address("ff0e::1"))
def test_what_is_public_is_nothing_of_anybodys_own(address: IPv4Address | IPv6Address) -> None:
    if public(str(address)):
        assert address.is_global
        own = ("is_private", "is_multicast", "is_loopback", "is_link_local", "is_unspecified", "is_reserved")
        assert [word for word in own if getattr(address, word)] == []
        if isinstance(address, IPv6Address):
            assert address in ip_network("2000::/3")
            assert (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:0:0", "64:ff9b::", "::"]))
def test_no_ipv4_address_gets_out_dressed_as_ipv6(inner: IPv4Address, prefix: str) -> None:
    assert not public(str(IPv6Address(int(ip_address(prefix)) | int(inner))))


@pytest.mark.parametrize("word", ["", "hooks.example.com", "9.9.9", "fe80::1%eth0", "2620:fe::fe%eth0", "09.9.9.9"])
def test_what_is_no_address_is_never_called(word: str) -> None:
    assert not public(word)


def test_a_name_that_leads_nowhere_is_not_called() -> None:
    url = read_url("https://hooks.example.com/", sandbox=False)
    assert isinstance(url, Url)
    assert not callable_at(url, [])
    assert callable_at(url, ["9.9.9.9", "2620:fe::fe"])


@given(st.text(max_size=80).map(lambda text: f"https://{text}") | st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    found = read_url(text, sandbox=False)
    if isinstance(found, Refusal):
        assert found.params["why"] in {"https", "host", "port", "private", "credentials", "long", "unreadable"}
    else:
        assert found.host == found.host.lower()
        assert found.target.startswith("/")


def test_the_host_is_said_as_it_was_typed_with_its_port_where_that_is_not_the_usual_one() -> None:
    for typed, named in (
        ("https://a.example.com/x", "a.example.com"),
        ("https://a.example.com:443/x", "a.example.com"),
        ("https://a.example.com:8443/x", "a.example.com:8443"),
        ("https://[2620:fe::fe]:8443/", "[2620:fe::fe]:8443"),
    ):
        found = read_url(typed, sandbox=False)
        assert isinstance(found, Url)
        assert found.named == named
