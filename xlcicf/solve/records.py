"""What is kept of a run that wrote into a book, as a value and as JSON: what cells held before and after."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from xlcicf.host.exact_cells import Rows, shape

MANY = 200  # runs

# Those that were read, by their hashes: a press of a button reads and writes all that a book has again.
_read: "dict[str, tuple[dict, Record]]" = {}


@dataclass(frozen=True)
class Change:
    """What the cells of an area, such as "Net!D4:N5", held before a run and after it, row by row.

    last  of a run that has not ended: what the cells held when `after` was about to be written. At whatever
          moment such a run was cut off, each cell holds what one of the three says.
    """

    cells: str
    before: Rows
    after: Rows
    last: Rows | None = None

    @property
    def left(self) -> list[Rows]:
        """What the run may have left in the cells."""
        return [self.after] if self.last is None else [self.after, self.last, self.before]

    def to_json(self) -> dict:
        return {key: value for key, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Record:
    """What is kept of a run that wrote into a book; `title` says which: "lbfgs: Net!B2 from 0.264 to 0.135".

    losses  (step, best loss so far) for some of its steps, the last among them
    facts   of a training run: its settings, result and data, as JSON has them (see `Training.facts`)
    """

    title: str
    changes: tuple[Change, ...]
    losses: tuple[tuple[int, float], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict:
        content = {"title": self.title, "changes": [change.to_json() for change in self.changes]}
        if self.losses:
            content["losses"] = [list(pair) for pair in self.losses]
        if self.facts:
            content["facts"] = dict(self.facts)
        return content | {"hash": _hash(content)}

    @cached_property
    def line(self) -> str:
        """The same in a line of a file."""
        return json.dumps(self.to_json())

    @classmethod
    def from_json(cls, content: dict) -> "Record":
        """Raises ValueError, KeyError, TypeError or AttributeError where to_json did not make `content`."""
        before, run = _read.get(content.get("hash", ""), (None, None))
        if run is None or before != content:
            run = cls._made_of(content)
            if len(_read) >= MANY:
                _read.clear()
            _read[content["hash"]] = content, run
        return run

    @classmethod
    def _made_of(cls, content: dict) -> "Record":
        losses = tuple((int(step), float(loss)) for step, loss in content.get("losses", ()))
        changes = tuple(Change(**change) for change in content["changes"])
        run = cls(content["title"], changes, losses, dict(content.get("facts", {})))
        if run.to_json() != content:
            raise ValueError("a run does not have its hash")
        for change in run.changes:
            shapes = {shape(rows) for rows in (change.before, *change.left)}
            if not isinstance(change.cells, str) or len(shapes) != 1:
                raise ValueError("a run does not say what its cells held")
        return run


def _hash(content: dict) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
