"""The worker: turns the crank until it is told to stop. Run as many as wanted; none of them keeps anything.

A round that breaks is written down and the next one goes on: what was claimed comes back when its lease runs out.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType
from typing import Protocol
from uuid import UUID, uuid4

from django.db import connections

from opla.core.attempt import Kind
from opla.core.ports import SendsTexts
from opla.db import setup
from opla.db.queries import attempts, metrics, quarantine
from opla.db.queries.attempts import Claimed
from opla.db.queries.bank import Book
from opla.db.queries.call import BROKEN, reconnect
from opla.db.queries.cards import Shelves
from opla.db.queries.cash import Drawers
from opla.db.queries.terminals import Slips
from opla.db.queries.vouchers import Vouchers
from opla.operations import bulk, kiosk, letters_out, look_up, offline, order_texts, partners, passports, text_pay
from opla.operations import quarantine as restored
from opla.operations.archive import archive
from opla.operations.expire import expire
from opla.operations.float_deposits import tell_low
from opla.operations.letters import Posted
from opla.operations.mandates import end_mandates
from opla.operations.outside import Adapters, Outside
from opla.operations.pay_into_float import recover
from opla.operations.payouts import watch_payouts
from opla.operations.prove import prove
from opla.operations.push import push_out
from opla.operations.remind import remind
from opla.operations.renew import renew
from opla.operations.routes import learn
from opla.operations.shop import Shop, current
from opla.operations.stock import look_over
from opla.operations.suppliers import watch
from opla.operations.tell import Announcing, Letter, Reminding, tell
from opla.operations.tidy import tidy
from opla.operations.together import Together
from opla.operations.work import LEASE_MARGIN_S, settle_claims
from opla.presenting import letters
from opla.presenting.announcing import announcing
from opla.presenting.notices import notice
from opla.presenting.pushing import pushing
from opla.presenting.reminding import reminding
from opla.presenting.texting import all_words as texting_words
from opla.workers.postman import Postman
from opla.workers.pulse import Pulse

_log = logging.getLogger(__name__)

#: How long an idle worker sleeps: what somebody waits for at a counter is noticed within this.
IDLE_S = 0.1
#: And a busy one: what comes in meanwhile is claimed, decided and written together.
BUSY_S = 0.02
#: How often unpaid orders are looked through.
_EXPIRE_EVERY_S = 1.0
#: How often reminders are looked at, which are days ahead of what they warn of, and what is over is deleted.
_REMIND_EVERY_S = 10.0
#: How often browsers that asked to be told are: within this, and the mail beside goes out at once.
_PUSH_EVERY_S = 1.0
#: How often texts are looked for: somebody waits with the phone in the hand.
_TEXT_EVERY_S = 0.5
_TEXT_LATER_S = 30.0
#: How often it is looked whether a supplier's float or list is to be read, which is minutes and a day apart.
_WATCH_EVERY_S = 2.0
#: And, while the shop stands still, whether a page asks for a look at everybody outside.
_QUARANTINE_EVERY_S = 1.0
#: How often it is looked whether a page wants to know whose a number is: somebody looks at it for a second or two.
_LOOK_UP_EVERY_S = 0.3
#: How long a turn at resellers' files is, and the rest after each batch: whoever orders one thing comes between.
_FILES_TURN_S = 0.5
_FILES_REST_S = 0.01
#: How often our own shelf is looked over: what expired, and what few are left of.
_SHELF_EVERY_S = 30.0
#: After something broke, so that a broken database is not asked a hundred times a second.
BROKEN_S = 1.0
#: Refunds go one by one: the day's cap counts what went before.
_THREADS = {Kind.CHARGE: 4, Kind.SEND: 8, Kind.REFUND: 1}
#: How long one thread may wait for others with what it takes at a time, by what the last ones took: of slow suppliers
#: it takes one attempt and many threads work, of quick ones hundreds, and writes them together.
_SHARE_S = 0.1
_DEEPEST = 500
#: How many attempts of a kind are claimed in one round: who claims steps over what is claimed already.
_IN_HAND = 1000
#: How many calls may be under way in one thread when they are quick; they are unknown when the process dies.
_WIDTH = 100
_LETTERS = 200
#: How often it is looked whether the books are to be proven, which is minutes apart.
_PROVE_EVERY_S = 2.0
_MONTHS_EVERY_S = 6 * 3600
#: How often it is looked whether a month is to be archived; one that is in use just then is tried again after this.
_ARCHIVE_EVERY_S = 600.0


def now() -> datetime:
    return datetime.now(UTC)


class Reachable(Outside, Protocol):
    """An outside that says how long it may let a caller wait."""

    def longest_call_s(self) -> int: ...

    def sends_texts(self) -> SendsTexts | None: ...


class Lane:
    """Threads for one kind of work. A supplier that lets its callers wait holds up its own lane and no other."""

    def __init__(self, name: str, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._threads = self._free = threads
        self._lock = threading.Lock()
        self.deep = 1  # how many attempts a thread takes

    @property
    def free(self) -> int:
        return self._free

    def put(self, job: Callable[[], timedelta], pieces: int = 1) -> None:
        """Run it on a free thread; what breaks is written down, and its lease brings it back.

        A job says how long it waited for others, which is what more threads are good for.
        """
        with self._lock:
            self._free -= 1
        self._pool.submit(self._do, job, pieces)

    def _do(self, job: Callable[[], timedelta], pieces: int) -> None:
        try:
            waited_s = job().total_seconds()
            fits = int(pieces * _SHARE_S / max(waited_s, 0.0001))
            self.deep = max(1, min(fits, 2 * self.deep, _DEEPEST))
        except BROKEN:
            _log.warning("the database is not there", exc_info=True)
            reconnect()
        except Exception:  # noqa: BLE001 - whatever it was, it is written down
            _log.exception("a job broke")
        finally:
            with self._lock:
                self._free += 1

    def close(self) -> None:
        """End when the last job has; every thread closes the connection it has."""
        together = threading.Barrier(self._threads)

        def part() -> None:
            together.wait()  # so that each thread takes one of these
            connections.close_all()

        for _ in range(self._threads):
            self._pool.submit(part)
        self._pool.shutdown(wait=True)


class Worker:
    """One worker: an identity for its leases, lanes of threads, and the adapters."""

    def __init__(self, shop: Shop, outside: Reachable | None = None) -> None:
        self.id: UUID = uuid4()
        self._shop = shop
        self._outside: Reachable = outside or Adapters(
            shop, Shelves(now), Book(now, shop.chance), Drawers(now, shop.chance), Slips(now), Vouchers(now)
        )
        self._writing = Together()
        self._lanes = {kind: Lane(kind, threads) for kind, threads in _THREADS.items()}
        self._post = Lane("post", 1)
        self._watching = Lane("watch", 1)
        self._texting = Lane("texts", 1)
        self._asking = Lane("look-up", 2)
        self._hooks = Lane("webhooks", 1)
        self._postman = Postman(shop, now)
        self._filing = Lane("files", 1)
        self._proving = Lane("proof", 1)
        self._archiving = Lane("archive", 1)
        self._expires_at = 0.0
        self._reminds_at = 0.0
        self._pushes_at = 0.0
        self._watches_at = 0.0
        self._texts_at = 0.0
        self._shelf_at = 0.0
        self._looks_up_at = 0.0
        self._proves_at = 0.0
        self._archives_at = 0.0
        self._pulse = Pulse("worker")

    def _compose(self, letter: Letter | Reminding | Announcing | Posted) -> tuple[str, str]:
        sandbox = self._shop.sandbox
        if isinstance(letter, Reminding):
            words = reminding(letter, sandbox=sandbox)
        elif isinstance(letter, Announcing):
            words = announcing(letter, sandbox=sandbox)
        elif isinstance(letter, Posted):
            words = letters.words(letter, base_url=self._shop.base_url, sandbox=sandbox)
        else:
            words = notice(
                letter.topic, letter.page, letter.link_url, sandbox=sandbox, digits=letter.proof, agreed=letter.agreed
            )
        return words.subject, words.text

    def round(self) -> int:
        """Hand whatever is due to free threads, and end what nobody paid; how much that was. Never waits for a call."""
        lease_s = self._outside.longest_call_s() + LEASE_MARGIN_S
        done = 0
        if self._pulse():
            metrics.tally(at=now())
        if quarantine.closed():  # the database would refuse all else
            if self._post.free:
                self._post.put(self._tell_who_signs_in)
            if self._watching.free and time.monotonic() >= self._watches_at:
                self._watches_at = time.monotonic() + _QUARANTINE_EVERY_S
                self._watching.put(self._answer_quarantine)
            return 0
        if time.monotonic() >= self._expires_at:
            done = expire(shop=self._shop, at=now())
            self._expires_at = time.monotonic() + _EXPIRE_EVERY_S
        for kind, lane in self._lanes.items():
            if free := lane.free:
                at = now()
                claimed = attempts.claim(self.id, [kind], at=at, limit=min(free * lane.deep, _IN_HAND), lease_s=lease_s)
                done += len(claimed)
                threads = min(free, -(-len(claimed) // lane.deep))
                for n in range(threads):
                    # Dealt like cards, so that the threads end together.
                    mine = claimed[n::threads]
                    lane.put(partial(self._settle, mine, at, lane.deep), pieces=len(mine))
        if self._post.free:
            self._post.put(self._tell)
        if self._watching.free and time.monotonic() >= self._watches_at:
            self._watches_at = time.monotonic() + _WATCH_EVERY_S
            self._watching.put(self._watch)
        if self._texting.free and time.monotonic() >= self._texts_at:
            self._texts_at = time.monotonic() + _TEXT_EVERY_S
            self._texting.put(self._text)
        if self._asking.free and time.monotonic() >= self._looks_up_at:
            self._looks_up_at = time.monotonic() + _LOOK_UP_EVERY_S
            self._asking.put(self._look_up)
        if self._hooks.free:
            self._hooks.put(self._post_webhooks)
        if self._filing.free:
            self._filing.put(self._files)
        if self._proving.free and time.monotonic() >= self._proves_at:
            self._proves_at = time.monotonic() + _PROVE_EVERY_S
            self._proving.put(self._prove)
        if self._archiving.free and time.monotonic() >= self._archives_at:
            self._archives_at = time.monotonic() + _ARCHIVE_EVERY_S
            self._archiving.put(self._archive)
        return done

    def _tell_who_signs_in(self) -> timedelta:
        tell(self._compose, worker=self.id, shop=self._shop, outside=self._outside, at=now(), limit=_LETTERS)
        return timedelta()

    def _answer_quarantine(self) -> timedelta:
        restored.answer(shop=self._shop, outside=self._outside, at=now())
        return timedelta()

    def _post_webhooks(self) -> timedelta:
        self._postman.round(self._outside)
        return timedelta()

    def _files(self) -> timedelta:
        ends_at = time.monotonic() + _FILES_TURN_S
        while bulk.step(shop=self._shop, at=now()) and time.monotonic() < ends_at:
            time.sleep(_FILES_REST_S)
        return timedelta()

    def _prove(self) -> timedelta:
        """In a lane of its own: a year of orders takes a while to add up."""
        prove(clock=now)
        return timedelta()

    def _archive(self) -> timedelta:
        """In a lane of its own: a month of millions of rows is read through once, which takes a while."""
        archive(at=now())
        return timedelta()

    def _look_up(self) -> timedelta:
        look_up.answer(shop=self._shop, outside=self._outside, at=now())
        return timedelta()

    def _watch(self) -> timedelta:
        if time.monotonic() >= self._shelf_at:
            self._shelf_at = time.monotonic() + _SHELF_EVERY_S
            look_over(at=now())
            learn(at=now())
            tell_low(shop=self._shop, at=now())
        recover(at=now())
        watch(shop=self._shop, outside=self._outside, at=now())
        watch_payouts(shop=self._shop, outside=self._outside, at=now())
        end_mandates(shop=self._shop, outside=self._outside, at=now())
        return timedelta()

    def _text(self) -> timedelta:
        """In a lane of their own: a message centre that is silent holds up no mail."""
        try:
            line = self._outside.sends_texts()
        except (OSError, ValueError) as why:  # the sandbox is not up, or something is filled in wrongly
            _log.warning("no texts leave: %s", why)
            self._texts_at = time.monotonic() + _TEXT_LATER_S
            return timedelta()
        words = partial(texting_words, sandbox=self._shop.sandbox)
        while line is not None and order_texts.text_out(words, line=line, shop=self._shop, at=now()):
            pass
        return timedelta()

    def _settle(self, claimed: list[Claimed], at: datetime, deep: int) -> timedelta:
        return settle_claims(
            claimed,
            worker=self.id,
            shop=self._shop,
            outside=self._outside,
            at=at,
            clock=now,
            width=_WIDTH,
            begin=min(_WIDTH, max(1, deep // 4)),
            writing=self._writing,
        )

    def _tell(self) -> timedelta:
        if time.monotonic() >= self._reminds_at:
            self._reminds_at = time.monotonic() + _REMIND_EVERY_S
            while remind(shop=self._shop, at=now()):
                pass
            while renew(shop=self._shop, at=now()):
                pass
            text_pay.follow(shop=self._shop, at=now())
            passports.watch(shop=self._shop, at=now())
            partners.close(shop=self._shop, at=now())
            letters_out.write_due(shop=self._shop, at=now())
            kiosk.watch(at=now())
            tidy(at=now())
            order_texts.tidy(at=now())
        while tell(self._compose, worker=self.id, shop=self._shop, outside=self._outside, at=now(), limit=_LETTERS):
            pass
        if time.monotonic() >= self._pushes_at:
            self._pushes_at = time.monotonic() + _PUSH_EVERY_S
            offline.book(shop=self._shop, at=now())
            words = partial(pushing, sandbox=self._shop.sandbox)
            while push_out(words, shop=self._shop, outside=self._outside, at=now(), limit=_LETTERS):
                pass
        return timedelta()

    def close(self) -> None:
        """Let what was begun come to its end."""
        beside = (self._post, self._watching, self._texting, self._asking, self._hooks)
        lanes = (*beside, self._filing, self._proving, self._archiving)
        for lane in (*self._lanes.values(), *lanes):
            lane.close()
        self._postman.close()
        connections.close_all()


def main(outside: Reachable | None = None) -> None:
    """Work until SIGTERM or SIGINT, then finish the round and end. `outside` stands in for the adapters of the shop."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    worker = Worker(current(), outside)
    months_at = time.monotonic() + _MONTHS_EVERY_S
    while not stopping.is_set():
        try:
            done = worker.round()
            pause_s = BUSY_S if done else IDLE_S
            if time.monotonic() >= months_at:
                setup.prepare()
                months_at = time.monotonic() + _MONTHS_EVERY_S
        except BROKEN:
            _log.warning("the database is not there; trying again", exc_info=True)
            reconnect()
            pause_s = BROKEN_S
        except Exception:  # noqa: BLE001 - whatever it was, it is written down and the next round goes on
            _log.exception("a round of work broke")
            pause_s = BROKEN_S
        if pause_s:
            stopping.wait(pause_s)
    worker.close()
