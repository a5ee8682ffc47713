"""Who does an act, and whether they may: one table, asked by every operation, so that surfaces cannot drift apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core.refusal import Code, Refusal


class Role(StrEnum):
    CUSTOMER = "customer"  # anybody at the storefront or the terminal of their own shop
    RESELLER = "reseller"
    OWNER = "owner"
    ACCOUNTANT = "accountant"  # reads money, brings statements in and closes days; moves none, and sees nobody's data
    SUPPORT = "support"
    SHOP_MANAGER = "shop_manager"  # of the counters: tills, tablets, clerks, drawers, vouchers
    CLERK = "clerk"  # at a till: `anna@main-till`
    KIOSK = "kiosk"  # whoever stands in front of one, named by it
    SYSTEM = "system"  # workers and the janitor


class Act(StrEnum):
    QUOTE = "quote"
    PLACE = "place"
    PLACE_FROM_FLOAT = "place_from_float"
    PAY = "pay"
    PAY_IN = "pay_in"  # into a float, at a payment provider; whose float it is, the operation checks besides
    GIVE_BACK_DEPOSIT = "give_back_deposit"  # what was paid in so, from the float to where it came from
    CALL_OFF = "call_off"  # what was bought for a date that has not come; whose order it is, the operation checks
    REVEAL = "reveal"  # look at a code; whose code it is, the operation checks besides
    STEP_BACK = "step_back"  # withdraw from a purchase, as a consumer may
    SHARE = "share"  # pass an order on to whom it is for; whose order it is, the operation checks besides
    SAY = "say"  # say what became of an order, or write to the shop; about whose, the operation checks besides
    TAKE_BACK = "take_back"  # have the price of an unseen code of theirs back
    RENEW = "renew"  # agree to be charged again by itself, and change that; whose it is, the operation checks besides
    END_RENEWAL = "end_renewal"  # for good, and at the provider
    REMIND = "remind"  # ask to be reminded of a line, and say what is left on it
    KEEP_SIMS = "keep_sims"  # keep lines of one's own; whose they are, the operation checks besides
    SETTLE = "settle"  # record what a provider or supplier answered
    EXPIRE = "expire"
    TELL = "tell"
    ANSWER = "answer"  # read what customers write, and answer
    SEE_ITEMS = "see_items"
    RESOLVE_ITEM = "resolve_item"
    FIND_ORDERS = "find_orders"  # and read one's whole life
    SEE_FIGURES = "see_figures"  # what is sold and earned, what lies where, and whether the books balance
    CLOSE_DAY = "close_day"
    READ_BOOKS = "read_books"  # closed days and months, lines of the bank account, payouts, and what does not reconcile
    REFUND = "refund"  # give money back by choice; of a clerk, whose sale it was, the operation checks besides
    APPROVE_REFUND = "approve_refund"  # be the second person of a large one
    STOCK_CODES = "stock_codes"  # and SIM cards: buy them, bring them in, and see who has which
    COUNT_STOCK = "count_stock"  # see how many are left
    HAND_OVER = "hand_over"  # pack, send and hand over SIM cards, and say what became of them
    SEND_LETTERS = "send_letters"  # print and post letters, codes among them, and enter the order slips that come back
    CHANGE_CATALOGUE = "change_catalogue"
    MANAGE_RESELLERS = "manage_resellers"
    MANAGE_OWN_RESELLER = "manage_own_reseller"  # its keys and people; which of them may, `core.api_access` says
    MANAGE_WEBHOOKS = "manage_webhooks"  # of a reseller; whose it is, the operation checks besides
    FUND = "fund"  # record that the owner moved own money, such as filling a supplier's float
    TELL_RATE = "tell_rate"  # say what a currency is worth
    MANAGE_PLACES = "manage_places"  # say where top-ups are sold over a counter
    MANAGE_SUPPLIERS = "manage_suppliers"  # say which of theirs is which of ours, and when a float is low
    SYNC_SUPPLIERS = "sync_suppliers"  # read what they list
    IMPORT_STATEMENTS = "import_statements"  # of the shop's own bank account, and read what they brought
    SEND_TRANSFERS = "send_transfers"  # make a file of what is owed, for the bank to send
    READ_PAYOUTS = "read_payouts"  # ask payment providers for them, and compare them with the books
    TAKE_CASH = "take_cash"  # take and give money over a counter, into and out of a drawer
    START_TEXTS = "start_texts"  # text a number again that somebody said STOP for
    MANAGE_DRAWERS = "manage_drawers"  # open and close drawers, and count them
    READ_DRAWERS = "read_drawers"  # what lies in them, and line by line how it came there
    MANAGE_STATIONS = "manage_stations"  # pair and unpair tablets, name clerks and give them PINs
    MANAGE_PARTNERS = "manage_partners"  # partner shops: what is agreed with them
    READ_PARTNERS = "read_partners"  # what goes on there, and their statements
    WORK_SHIFT = "work_shift"  # open and close a shift, read its report, bring money to the safe, open the drawer
    PRINT = "print"  # have a slip on paper, and say what became of it; whose order it is, the operation checks besides
    MANAGE_VOUCHERS = "manage_vouchers"  # print them, and say where they are; one is sold by `take_cash`
    APPLY_PASSPORT = "apply_passport"  # for the proof of one's own place of sale, and give it up
    CHECK_SELLERS = "check_sellers"  # approve, review, suspend and withdraw passports, and read what is reported
    REPORT_SELLER = "report_seller"
    MANAGE_PEOPLE = "manage_people"  # name who is of the house, as what, and let them go
    READ_TRAIL = "read_trail"  # who of the house did and saw what
    END_QUARANTINE = "end_quarantine"  # of a shop that came out of a backup, and what must be done before


MAY: dict[Role, frozenset[Act]] = {
    Role.CUSTOMER: frozenset(
        {
            Act.QUOTE,
            Act.PLACE,
            Act.PAY,
            Act.CALL_OFF,
            Act.REVEAL,
            Act.STEP_BACK,
            Act.SHARE,
            Act.SAY,
            Act.TAKE_BACK,
            Act.RENEW,
            Act.END_RENEWAL,
            Act.REMIND,
            Act.KEEP_SIMS,
            Act.REPORT_SELLER,
        }
    ),
    Role.RESELLER: frozenset(
        {
            Act.PLACE_FROM_FLOAT,
            Act.PAY_IN,
            Act.REVEAL,
            Act.SHARE,
            Act.TAKE_BACK,
            Act.MANAGE_OWN_RESELLER,
            Act.MANAGE_WEBHOOKS,
            Act.APPLY_PASSPORT,
        }
    ),
    Role.OWNER: frozenset(
        {
            Act.QUOTE,
            Act.PLACE,
            Act.PAY,
            Act.ANSWER,
            Act.SEE_ITEMS,
            Act.RESOLVE_ITEM,
            Act.FIND_ORDERS,
            Act.SEE_FIGURES,
            Act.CLOSE_DAY,
            Act.READ_BOOKS,
            Act.REFUND,
            Act.APPROVE_REFUND,
            Act.STOCK_CODES,
            Act.COUNT_STOCK,
            Act.HAND_OVER,
            Act.SEND_LETTERS,
            Act.CHANGE_CATALOGUE,
            Act.MANAGE_RESELLERS,
            Act.FUND,
            Act.GIVE_BACK_DEPOSIT,
            Act.TELL_RATE,
            Act.MANAGE_PLACES,
            Act.MANAGE_SUPPLIERS,
            Act.SYNC_SUPPLIERS,
            Act.IMPORT_STATEMENTS,
            Act.SEND_TRANSFERS,
            Act.READ_PAYOUTS,
            Act.END_RENEWAL,
            Act.TAKE_CASH,
            Act.PRINT,
            Act.START_TEXTS,
            Act.MANAGE_DRAWERS,
            Act.READ_DRAWERS,
            Act.MANAGE_STATIONS,
            Act.MANAGE_PARTNERS,
            Act.READ_PARTNERS,
            Act.MANAGE_VOUCHERS,
            Act.CHECK_SELLERS,
            Act.MANAGE_PEOPLE,
            Act.READ_TRAIL,
            Act.END_QUARANTINE,
        }
    ),
    Role.ACCOUNTANT: frozenset(
        {
            Act.SEE_FIGURES,
            Act.CLOSE_DAY,
            Act.READ_BOOKS,
            Act.IMPORT_STATEMENTS,
            Act.READ_DRAWERS,
            Act.READ_PARTNERS,
        }
    ),
    Role.SUPPORT: frozenset(
        {
            Act.QUOTE,
            Act.ANSWER,
            Act.SEE_ITEMS,
            Act.FIND_ORDERS,
            Act.REFUND,
            Act.HAND_OVER,
            Act.SEND_LETTERS,
            Act.TAKE_CASH,
            Act.READ_DRAWERS,
            Act.PRINT,
        }
    ),
    Role.SHOP_MANAGER: frozenset(
        {
            Act.QUOTE,
            Act.TAKE_CASH,
            Act.MANAGE_DRAWERS,
            Act.READ_DRAWERS,
            Act.MANAGE_STATIONS,
            Act.MANAGE_VOUCHERS,
            Act.COUNT_STOCK,
            Act.READ_PARTNERS,
            Act.PRINT,
        }
    ),
    Role.CLERK: frozenset(
        {
            Act.QUOTE,
            Act.PLACE,
            Act.PAY,
            Act.REVEAL,
            Act.TAKE_BACK,
            Act.REFUND,
            Act.TAKE_CASH,
            Act.HAND_OVER,
            Act.WORK_SHIFT,
            Act.PRINT,
        }
    ),
    Role.KIOSK: frozenset({Act.QUOTE, Act.PLACE, Act.PAY, Act.REVEAL, Act.SAY, Act.PRINT}),
    # Workers place and take what tills sold without a line.
    Role.SYSTEM: frozenset(
        {Act.PLACE, Act.TAKE_CASH, Act.SETTLE, Act.EXPIRE, Act.TELL, Act.SYNC_SUPPLIERS, Act.READ_PAYOUTS}
    ),
}

#: Who signs in at the pages of the house, by a name of their own. Clerks do so at their tablets, with a PIN.
HOUSE: Final = (Role.OWNER, Role.ACCOUNTANT, Role.SUPPORT, Role.SHOP_MANAGER)


@dataclass(frozen=True)
class Actor:
    """Somebody who acts. `name` stands beside every event: a device, an owner's e-mail, a worker."""

    role: Role
    name: str = ""

    def __str__(self) -> str:
        return f"{self.role}:{self.name}" if self.name else str(self.role)

    @property
    def at_counter(self) -> bool:
        """At a tablet of ours, where many strangers buy one after the other."""
        return self.role in (Role.CLERK, Role.KIOSK)

    def refused(self, act: Act) -> Refusal | None:
        """None when this actor may do it."""
        return None if act in MAY[self.role] else Refusal(Code.NOT_ALLOWED, params={"act": act, "role": self.role})


SYSTEM = Actor(Role.SYSTEM)
