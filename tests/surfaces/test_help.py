"""Help when it did not work: self-help, the thread with the shop, giving a code back. Owner, colleague and stranger."""

from __future__ import annotations

import re
from html import unescape

import pytest

from fakes import DEVICE, DIRECT
from opla.core.actor import Role
from opla.db.queries.call import select
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in


def link_to(page: Seen, text: str) -> str:
    """The address behind words."""
    for href, words in re.findall(r'<a [^>]*href="([^"]+)"[^>]*>(.*?)</a>', page.html, re.DOTALL):
        if text in unescape(re.sub(r"<[^>]+>", "", words)):
            return unescape(str(href))
    raise AssertionError(f"no link says {text!r}: {page.text}")


def follow(who: Visitor, page: Seen, text: str) -> Seen:
    return who.get(link_to(page, text))


def write(who: Visitor, link: str, text: str = "It says error 33", **more: str) -> Seen:
    return who.post(f"{link}thread/", {"act": "say", "message": text, **more})


def fields(page: Seen) -> dict[str, str]:
    return {name: page.value(name) for name in ("saw", "phone", "tried")}


# ── self-help ──


def test_from_it_did_not_work_to_the_shop_with_what_was_tried(door: Door) -> None:
    link = door.delivered("PX-15", language="en")
    page = follow(door.owner, door.owner.get(link), "It did not work")
    page = follow(door.owner, page, "Mobile internet does not work")
    page = follow(door.owner, page, "iPhone")
    assert "Settings › Mobile Data" in page.text
    steps = []
    while "It still does not work" in page.text:
        steps.append(page.text)
        page = follow(door.owner, page, "It still does not work")
    assert len(steps) == 6
    assert any("APN reported internet.proximus.be" in text for text in steps)
    assert page.where == f"{link}thread/"
    assert "The shop is told: Mobile internet does not work · iPhone · tried: Switch mobile data on" in page.text
    sent = door.owner.post(page.where, {"act": "say", "message": "Still nothing", **fields(page)})
    assert "Still nothing" in sent.text
    assert "writes to your e-mail" in sent.text
    clerk = signed_in(door.world, Role.SUPPORT, "eve")
    seen = follow(clerk, clerk.get("/owner/threads/"), sent.text.split("Order number ")[1][:12])
    for text in ("Still nothing", "iPhone · tried: Switch mobile data on, ", "English", "Delivered", "ana@example.org",
                 "nobody has looked at it"):  # fmt: skip
        assert text in seen.text, text


def test_what_worked_ends_there_and_keeps_nothing(door: Door) -> None:
    link = door.delivered()
    page = door.owner.get(f"{link}trouble/?saw=code_used&phone=android")
    page = follow(door.owner, page, "It works now")
    assert "Nothing of this was kept" in page.text
    assert select("SELECT count(*) FROM thread") == [(0,)]


def test_an_unknown_access_point_is_said_to_be_unknown(door: Door) -> None:
    order_id = door.world.paid(DIRECT)
    door.world.work(3)
    link = door.link(order_id)
    tried = "data_switch.data_sim.balance.restart"
    page = door.owner.get(f"{link}trouble/?saw=no_data&phone=xiaomi&tried={tried}")
    assert "APN not verified We do not know it" in page.text
    assert "code is wrong" not in door.owner.get(f"{link}trouble/").text  # there was none


@pytest.mark.parametrize("query", ["?saw=x&phone=<b>&tried=restart.%00", "?saw=no_data&phone=%22&tried=" + "a." * 500])
def test_a_strange_address_is_answered_with_a_question_and_not_repeated(door: Door, query: str) -> None:
    page = door.stranger.get(f"{door.delivered()}trouble/{query}")
    assert page.status == 200
    assert "<b>" not in page.html
    assert "What did you see?" in page.text or "Which phone is it?" in page.text


# ── the thread ──


def test_a_stranger_with_the_link_sees_and_writes_nothing_of_it(door: Door) -> None:
    link = door.delivered()
    empty = door.stranger.get(f"{link}thread/").text
    write(door.owner, link)
    for visitor in (door.colleague, door.stranger):
        page = visitor.get(f"{link}thread/")
        assert (page.status, page.text) == (200, empty)  # not even whether there is one
        assert "error 33" not in page.html
        assert "messages with the shop" not in visitor.get(link).text
        assert write(visitor, link, "me too").status == 403
    assert select("SELECT count(*) FROM thread_message") == [(1,)]


def test_after_the_six_digits_another_device_reads_and_writes(door: Door) -> None:
    link = door.delivered()
    write(door.owner, link)
    assert "sent six digits" in door.colleague.post(f"{link}thread/", {"act": "proof"}).text
    door.world.work()
    digits = re.search(r"\b\d{6}\b", door.world.mailbox.sent[-1].text)
    assert digits is not None
    wrong = door.colleague.post(f"{link}thread/", {"act": "prove", "proof": "x"})
    assert (wrong.status, "not the six digits" in wrong.error("proof")) == (422, True)
    page = door.colleague.post(f"{link}thread/", {"act": "prove", "proof": digits.group(), "saw": "slow"})
    assert "error 33" in page.text
    assert page.value("saw") == "slow"
    assert "me too" in write(door.colleague, link, "me too").text


def test_a_code_in_a_message_is_refused_and_what_was_typed_is_not_lost(door: Door) -> None:
    link = door.delivered()
    page = write(door.owner, link, "My code 4821 9034 7715 2 fails", saw="code_wrong", tried="digits")
    assert page.status == 422
    assert "no message may carry a code" in page.text
    assert "My code 4821 9034 7715 2 fails</textarea>" in page.html
    assert fields(page) == {"saw": "code_wrong", "phone": "", "tried": "digits"}
    assert select("SELECT count(*) FROM thread") == [(0,)]


def test_words_are_shown_as_words(door: Door) -> None:
    page = write(door.owner, door.delivered(), "<script>alert(1)</script>\nline two")
    assert "<script>alert" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\nline two" in page.html


def test_too_many_messages_wait(door: Door) -> None:
    link = door.delivered()
    assert [write(door.owner, link, str(n)).status for n in range(11)] == [200] * 10 + [429]


def test_the_shop_answers_and_the_order_says_so(door: Door) -> None:
    link = door.delivered()
    write(door.owner, link)
    clerk = signed_in(door.world, Role.SUPPORT, "eve")
    listed = clerk.get("/owner/threads/")
    page = clerk.get(link_to(listed, select("SELECT ticket FROM orders")[0][0]))  # type: ignore[arg-type]  # a text
    with_phrase = clerk.post(page.where, {"message": "Hi", "seen": "1", "phrase": "solved"})
    assert "Hi\nDoes it work now? If not, just answer here.</textarea>" in with_phrase.html
    assert "error 33" in with_phrase.text
    code = clerk.post(page.where, {"message": "Use 4821 9034 7715 2", "seen": "1", "act": "answer"})
    assert (code.status, "may carry a code" in code.text) == (422, True)
    answered = clerk.post(page.where, {"message": "Try 4G", "seen": "1", "act": "answer"})
    assert "eve (support)" in answered.text
    door.world.work(2)
    mail = door.world.mailbox.sent[-1]
    assert (mail.to, mail.subject) == ("ana@example.org", "answered")
    assert "4G" not in mail.text
    assert "The shop has answered you" in door.owner.get(link).text
    assert "Try 4G" in door.owner.get(f"{link}thread/").text
    assert "(support)" not in door.owner.get(f"{link}thread/").text
    for visitor in (door.colleague, door.stranger):
        assert "answered" not in visitor.get(link).text


def test_saved_phrases_are_in_the_customers_language_beside_the_clerks(door: Door) -> None:
    write(door.owner, door.delivered(language="fr"))
    [(thread,)] = select("SELECT id FROM thread")
    page = signed_in(door.world).post(f"/owner/threads/{thread}/", {"message": "", "seen": "1", "phrase": "solved"})
    assert "Français" in page.text
    assert "Does it work now?" in page.text
    assert '<textarea id="message" name="message" rows="6" maxlength="2000" lang="fr"' in page.html
    assert "Cela fonctionne-t-il maintenant\u00a0? Sinon, répondez simplement ici.</textarea>" in page.html
    assert select("SELECT count(*) FROM thread_message") == [(1,)]


def test_a_customer_writes_chinese_and_an_owner_who_reads_dutch_answers_from_the_orders_page(door: Door) -> None:
    link = door.delivered(language="zh-Hans")
    reader = Visitor(DEVICE, "zh-CN")
    write(reader, link, "充值没有到账")
    [(thread, order)] = select("SELECT id, order_id FROM thread")
    owner = signed_in(door.world, language="nl")
    page = owner.get(f"/owner/orders/{order}/")
    assert '<p class="said" lang="zh-Hans">充值没有到账</p>' in page.html
    both = re.search(r'name="phrase" value="care">([^<]*)<small lang="zh-Hans">([^<]*)</small>', page.html)
    assert both is not None
    assert ("simkaart" in both[1].lower(), "运营商" in both[2]) == (True, True)
    assert '<option value="zh-Hans" lang="zh-Hans" selected>简体中文</option>' in page.html
    # a saved phrase: chosen in Dutch, received in Chinese, and read again by the house in both
    drafted = owner.post(f"/owner/threads/{thread}/", {"message": "", "seen": "1", "from": "order", "phrase": "care"})
    [text] = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", drafted.html)
    sent = {"message": unescape(text), "seen": "1", "from": "order", "act": "answer", "language": "zh-Hans"}
    done = owner.post(f"/owner/threads/{thread}/", sent)
    assert (done.status, done.where) == (200, f"/owner/orders/{order}/")
    assert both[1].strip() in done.text
    # free words in a language of the house: named as what they are, on both sides
    words = {"message": "We bellen de operator", "seen": "2", "from": "order", "act": "answer", "language": "nl"}
    assert owner.post(f"/owner/threads/{thread}/", words).where == f"/owner/orders/{order}/"
    theirs = reader.get(f"{link}thread/")
    assert '<span class="quiet" lang="nl">Nederlands</span>' in theirs.html
    assert '<p class="said" lang="nl">We bellen de operator</p>' in theirs.html
    assert '<span class="quiet" lang="zh-Hans">' not in theirs.html
    wrong = owner.post(f"/owner/threads/{thread}/", {**words, "seen": "3", "language": "tlh"})
    assert wrong.status == 422
    assert select("SELECT count(*) FROM thread_message") == [(3,)]


def test_what_the_customer_wrote_meanwhile_is_read_before_it_is_answered(door: Door) -> None:
    link = door.delivered()
    write(door.owner, link)
    clerk = signed_in(door.world)
    [(thread,)] = select("SELECT id FROM thread")
    write(door.owner, link, "solved!")
    page = clerk.post(f"/owner/threads/{thread}/", {"message": "Try 4G", "seen": "1", "act": "answer"})
    assert page.status == 422
    assert "written meanwhile" in page.text
    assert "solved!" in page.text
    assert "Try 4G</textarea>" in page.html
    closed = clerk.post(f"/owner/threads/{thread}/", {"seen": "2", "act": "close"})
    assert "opens again when the customer writes" in closed.text
    assert "The shop has closed this" in door.owner.get(f"{link}thread/").text


def test_to_customers_and_strangers_the_houses_pages_do_not_exist(door: Door) -> None:
    write(door.owner, door.delivered())
    [(thread,)] = select("SELECT id FROM thread")
    for path in (
        "/owner/threads/",
        f"/owner/threads/{thread}/",
        "/owner/threads/00000000-0000-0000-0000-000000000000/",
    ):
        for visitor in (door.owner, door.colleague, door.stranger):
            assert visitor.get(path).status == 404
            assert visitor.post(path, {"message": "x", "seen": "1"}).status in (404, 405)


def test_who_waits_longer_than_a_day_stands_on_the_owners_list(door: Door) -> None:
    write(door.owner, door.delivered())
    assert "waited for an answer" not in signed_in(door.world).get("/owner/items/").text
    door.world.clock.tick(25 * 3600)
    assert "1 customer has waited for an answer for more than a day" in signed_in(door.world).get("/owner/items/").text


def test_a_form_from_elsewhere_writes_nothing(door: Door) -> None:
    link = door.delivered()
    door.owner.client.handler.enforce_csrf_checks = True
    assert write(door.owner, link).status == 403
    assert door.owner.post(f"{link}back/").status == 403
    assert select("SELECT (SELECT count(*) FROM thread), (SELECT count(*) FROM refund)") == [(0, 0)]


# ── giving it back ──


def test_a_code_nobody_has_looked_at_is_given_back(door: Door) -> None:
    link = door.delivered()
    assert "Nobody has looked at this code. You get €15.00 back" in door.owner.get(link).text
    page = door.owner.post(f"{link}back/")
    assert (page.where, "Your money is coming back" in page.text) == (link, True)
    assert "Give the code back" not in page.text
    assert door.owner.post(f"{link}back/").status == 200  # pressed twice
    door.world.work(3)
    assert door.world.refunds() == [("unseen", 1500, "done")]


def test_a_stranger_gives_nothing_back_and_is_not_asked(door: Door) -> None:
    link = door.delivered()
    for visitor in (door.colleague, door.stranger):
        assert "Give the code back" not in visitor.get(link).text
        page = visitor.post(f"{link}back/")
        assert page.status == 409
        assert visitor.get(f"{link}back/").status == 405
    assert door.world.refunds() == []


def test_a_code_somebody_has_looked_at_stays(door: Door) -> None:
    link = door.delivered()
    assert "Give the code back" not in door.owner.post(f"{link}code/").text
    page = door.owner.post(f"{link}back/")
    assert (page.status, "Somebody has looked at this code" in page.text) == (409, True)


# ── what was said before buying ──


def test_when_it_can_be_used_is_said_on_the_order_as_it_was_said_before_paying(door: Door) -> None:
    link = door.delivered("PX-15")
    quote = door.owner.post("/top-up/proximus/PX-15/", {"email": "ana@example.org"})
    order = door.owner.get(link)
    said = re.findall(r"<dt>(Starts|Begins|Ready)</dt><dd>(.*?)</dd>", quote.html, re.DOTALL)
    again = re.findall(r"<dt>(Starts|Begins|Ready)</dt><dd>(.*?)</dd>", order.html, re.DOTALL)
    assert said
    assert [(label, " ".join(text.split())) for label, text in said] == [
        (label, " ".join(text.split())) for label, text in again
    ]
