"""Threads that take turns: only who holds the baton runs, and it changes hands at boundaries only.

Workers and web requests of a simulation are real threads with real connections, so the code under test is the code
that is sold. The scheduler decides by its seed who goes on after each boundary: the same seed, the same interleaving.
No thread holds a database lock while it waits, because every statement is its own transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from random import Random

from django.db.backends.base.base import BaseDatabaseWrapper


class Died(BaseException):
    """The process of this task was killed, here and now. Nothing may catch it but the scheduler."""


class Task:
    """One simulated process. It may run unless it sleeps until `wakes_at`, or found nothing to do at `idle_at`."""

    def __init__(self, name: str, work: Callable[[], None], spare: list[BaseDatabaseWrapper]) -> None:
        self.name = name
        self.wakes_at: datetime | None = None
        self.idle_at: datetime | None = None
        self.over = False
        self.broke: BaseException | None = None
        self.doomed = False
        self._work = work
        self._spare = spare
        self._turn = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        from django.db import connections

        self._turn.acquire()
        if self._spare:
            connections["default"] = self._spare.pop()
        try:
            if not self.doomed:
                self._work()
        except Died:
            pass
        except BaseException as broke:  # noqa: BLE001 - handed to the scheduler, which raises it
            self.broke = broke
        finally:
            # Every statement was its own transaction, so nothing of this task is left on its connection.
            wrapper = connections["default"]
            wrapper.inc_thread_sharing()
            self._spare.append(wrapper)
            self.over = True
            self._back.release()

    def able(self, at: datetime) -> bool:
        """An idle one tries again whenever the clock has moved."""
        return (self.wakes_at is None or self.wakes_at <= at) and (self.idle_at is None or self.idle_at < at)

    def go(self) -> None:
        """From the scheduler: run until the next boundary (or the end)."""
        self._turn.release()
        self._back.acquire()
        if self.broke is not None:
            raise self.broke

    def pause(self) -> None:
        """From the task: give the baton back, and wait for the next turn."""
        self._back.release()
        self._turn.acquire()
        if self.doomed:
            raise Died


class Baton:
    """Who runs next. `current` is the task that holds the baton; None while the scheduler itself does."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._spare: list[BaseDatabaseWrapper] = []  # connections of tasks that are over: making one takes long
        self.tasks: list[Task] = []
        self.current: Task | None = None

    def add(self, name: str, work: Callable[[], None]) -> Task:
        task = Task(name, work, self._spare)
        self.tasks.append(task)
        task.start()
        return task

    def run(self, now: Callable[[], datetime]) -> None:
        """Let tasks take turns until all are over or asleep."""
        while True:
            self.tasks = [task for task in self.tasks if not task.over]
            able = [task for task in self.tasks if task.able(now())]
            if not able:
                return
            task = able[self._chance.randrange(len(able))]
            task.wakes_at = task.idle_at = None
            self.current = task
            task.go()
            self.current = None

    def awake(self, name: str) -> int:
        """How many tasks whose name begins so neither are over nor sleep."""
        return sum(task.name.startswith(name) and task.wakes_at is None and not task.over for task in self.tasks)

    def rouse(self, name: str) -> None:
        """There is something for those whose name begins so, although the clock has not moved."""
        for task in self.tasks:
            if task.name.startswith(name):
                task.idle_at = None

    def next_wake(self) -> datetime | None:
        return min((task.wakes_at for task in self.tasks if task.wakes_at is not None), default=None)

    def end(self) -> None:
        """Kill whoever is left."""
        for task in self.tasks:
            if not task.over:
                task.doomed = True
                self.current = task
                task.go()
        self.tasks, self.current = [], None
        for wrapper in self._spare:
            wrapper.close()
