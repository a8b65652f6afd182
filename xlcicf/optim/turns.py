"""What calls back, as a generator: a minimiser that returns when all is done yields what it finds meanwhile.

It sits in a thread of its own, which takes turns with the caller's, so never do both work: the thread works
for `TURN` seconds, hands over what it has found and waits until that is used up. Turns do not touch the
numbers."""

import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

TURN = 0.02  # seconds; after each evaluation the two threads would wait for each other more than they work

T = TypeVar("T")


class _Closed(Exception):
    """Nobody wants to know more of these turns, the argument; unwinds the work."""


class Turns(Generic[T]):
    """What the work is handed: `found(item)` says what has been found, `look_up()` lets the caller stop
    it."""

    def __init__(self):
        self._turns: SimpleQueue[str] = SimpleQueue()
        self._handed_over: SimpleQueue[Any] = SimpleQueue()
        self._items: list[T] = []
        self._deadline = time.monotonic() + TURN

    def found(self, item: T) -> None:
        self._items.append(item)
        self.look_up()

    def look_up(self) -> None:
        if time.monotonic() > self._deadline:
            self._hand_over()

    def _hand_over(self) -> None:
        items, self._items = self._items, []
        self._handed_over.put(items)
        if self._turns.get() == "stop":
            raise _Closed(self)
        self._deadline = time.monotonic() + TURN

    def _work(self, work: Callable[["Turns[T]"], None]) -> None:
        try:
            work(self)
            self._handed_over.put(self._items)
            self._handed_over.put(None)
        except BaseException as error:
            if not (isinstance(error, _Closed) and error.args[0] is self):
                self._handed_over.put(error)  # whatever it is, the waiting caller's thread is to raise it


def in_turns(work: Callable[[Turns[T]], None]) -> Iterator[T]:
    """What `work` finds, item by item; what it raises leaves through this generator."""
    turns: Turns[T] = Turns()
    thread = Thread(target=turns._work, args=(work,), daemon=True)
    thread.start()
    try:
        while True:
            handed = turns._handed_over.get()
            if handed is None:
                return
            if isinstance(handed, BaseException):
                raise handed
            yield from handed
            turns._turns.put("go on")
    finally:
        turns._turns.put("stop")
        thread.join()
