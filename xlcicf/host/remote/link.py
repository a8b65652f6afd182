"""The pipes to an agent: operations are asked for by any thread, one thread reads what comes back."""

import itertools
import json
from collections.abc import Callable
from threading import Event, Lock
from typing import Any, BinaryIO

from xlcicf.host.remote.protocol import OPERATIONS


class Refused(Exception):
    """The program has not carried out an operation, or is gone.

    is_busy  whether the same may be asked again soon
    """

    def __init__(self, sentence: str, is_busy: bool = False):
        super().__init__(sentence)
        self.is_busy = is_busy


class _Waiting:
    """An operation that was asked for."""

    def __init__(self):
        self.is_answered, self.answer = Event(), {}


class Link:
    """The agent, as a function: `link("used", book, sheet)` -> area. Raises Refused."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO):
        self._incoming, self._outgoing = incoming, outgoing
        self._numbers, self._lock = itertools.count(1), Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._is_over = False

    def __call__(self, operation: str, *arguments: Any) -> Any:
        assert operation in OPERATIONS, operation
        waiting, number = _Waiting(), next(self._numbers)
        with self._lock:
            if self._is_over:
                raise Refused("it is gone")
            self._waiting[number] = waiting
        self.say({"id": number, "operation": operation, "arguments": arguments})
        waiting.is_answered.wait()
        if "refused" in waiting.answer:
            raise Refused(waiting.answer["refused"], waiting.answer["busy"])
        return waiting.answer["result"]

    def say(self, message: dict) -> None:
        line = memoryview(json.dumps(message).encode() + b"\n")
        try:
            with self._lock:
                while line:  # a pipe may take less than all of it
                    line = line[self._outgoing.write(line) :]
                self._outgoing.flush()
        except OSError:
            self._end()

    def listen(self, heard: Callable[[dict], None]) -> None:
        """Hands out answers, and everything else to `heard`, until the agent closes its end."""
        for line in self._incoming:
            message = json.loads(line)
            if "to" not in message:
                heard(message)
                continue
            with self._lock:
                waiting = self._waiting.pop(message["to"])
            waiting.answer = message
            waiting.is_answered.set()
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._is_over = True
            left, self._waiting = self._waiting, {}
        for waiting in left.values():
            waiting.answer = {"refused": "it is gone", "busy": False}
            waiting.is_answered.set()
