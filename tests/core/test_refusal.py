from __future__ import annotations

from itertools import pairwise, permutations

from opla.core.actor import MAY, Act, Actor, Role
from opla.core.refusal import TRANSIENT, Code, Refusal, first


def test_every_code_is_its_own_and_reads_like_its_name() -> None:
    assert len({str(c) for c in Code}) == len(list(Code)) == len(Code.__members__)
    assert [str(c) for c in Code] == [c.name.lower() for c in Code]


def test_the_refusal_that_stands_highest_answers_whatever_their_order() -> None:
    for higher, lower in pairwise(Code):
        for order in permutations([Refusal(higher), None, Refusal(lower)]):
            assert first(order) == Refusal(higher)


def test_of_equal_refusals_the_first_answers_and_of_none_none() -> None:
    assert first([Refusal(Code.AMOUNT_UNREADABLE, "a"), Refusal(Code.AMOUNT_UNREADABLE, "b")]) == Refusal(
        Code.AMOUNT_UNREADABLE, "a"
    )
    assert first([None, None]) is None


def test_who_asks_is_answered_before_what_was_asked() -> None:
    assert first([Refusal(Code.QUOTE_EXPIRED), Refusal(Code.NUMBER_MISSING), Refusal(Code.NOT_ALLOWED)]) == Refusal(
        Code.NOT_ALLOWED
    )


def test_only_these_may_succeed_later_unchanged() -> None:
    assert {c for c in Code if Refusal(c).transient} == TRANSIENT
    assert Code.REFUND_TOO_MUCH not in TRANSIENT


#: Who may do what: a row per act.
TABLE = """
quote              customer owner support shop_manager clerk kiosk
place              customer owner clerk kiosk system
place_from_float   reseller
pay                customer owner clerk kiosk
pay_in             reseller
give_back_deposit  owner
call_off           customer
reveal             customer reseller clerk kiosk
say                customer kiosk
share              customer reseller
step_back          customer
keep_sims          customer
take_back          customer reseller clerk
answer             owner support
settle             system
expire             system
tell               system
see_items          owner support
resolve_item       owner
find_orders         owner support
see_figures         owner accountant
close_day          owner accountant
read_books         owner accountant
refund             owner support clerk
approve_refund     owner
stock_codes        owner
count_stock        owner shop_manager
hand_over          owner support clerk
send_letters       owner support
change_catalogue   owner
manage_resellers   owner
manage_own_reseller reseller
manage_webhooks    reseller
fund               owner
tell_rate          owner
manage_places      owner
import_statements  owner accountant
remind             customer
manage_suppliers   owner
sync_suppliers     owner system
send_transfers     owner
read_payouts       owner system
take_cash          owner support shop_manager clerk system
start_texts        owner
manage_drawers     owner shop_manager
read_drawers       owner accountant support shop_manager
manage_stations    owner shop_manager
work_shift         clerk
manage_partners    owner
read_partners      owner accountant shop_manager
print              owner support shop_manager clerk kiosk
manage_vouchers    owner shop_manager
renew              customer
end_renewal        customer owner
apply_passport     reseller
check_sellers      owner
report_seller      customer
manage_people      owner
read_trail         owner
end_quarantine     owner
"""


def test_who_may_do_what() -> None:
    rows = {act: set(roles) for act, *roles in map(str.split, TABLE.strip().splitlines())}
    assert set(rows) == set(Act)
    assert set(MAY) == set(Role)
    for act in Act:
        for role in Role:
            refused = Actor(role, "x").refused(act)
            assert (refused is None) == (role in rows[act]), (role, act)
            assert refused is None or (refused.code, refused.params["act"]) == (Code.NOT_ALLOWED, act)


def test_an_actor_is_written_by_role_and_name() -> None:
    assert (str(Actor(Role.OWNER, "ana@example.org")), str(Actor(Role.SYSTEM))) == ("owner:ana@example.org", "system")
