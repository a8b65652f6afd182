"""What a model card says: the facts of a trained book as the card's texts, beside what people typed."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xlcicf import words
from xlcicf.pages.model_card.sections import ASKED, FIELDS
from xlcicf.pages.model_card.trained_book import Groups, TrainedBook
from xlcicf.solve.fingerprints import Fingerprint

Answers = Mapping[str, tuple[str | None, str | None]]  # name of a question -> (answer, evidence)


@dataclass(frozen=True)
class Content:
    """What a card says.

    known     variable -> what the run log says
    typed     variable -> what stood there or a person wrote; `known` goes first
    answers   name of a question -> (answer, evidence), each None where nobody has written it
    data      what the card's truth rests on besides the changing cells, and `weights` these, as numbers
    results   how good it is for whom
    """

    known: Mapping[str, str]
    typed: Mapping[str, str] = field(default_factory=dict)
    answers: Answers = field(default_factory=dict)
    data: tuple[Fingerprint, ...] = ()
    weights: tuple[Fingerprint, ...] = ()
    results: Groups | None = None

    def text(self, variable: str) -> str | None:
        """What stands in a field; None where it is empty."""
        return self.known.get(variable) or self.typed.get(variable) or None

    @property
    def empty(self) -> list[str]:
        """The fields that a card needs and nobody has filled."""
        return [name for name, one in FIELDS.items() if not one.optional and self.text(name) is None]

    @property
    def unanswered(self) -> list[str]:
        """The questions without evidence."""
        return [q.name for q in ASKED if not self.answers.get(q.name, (None, None))[1]]


def is_count(value: float) -> bool:
    """Whether a result is a count and no share: those go up to 1."""
    return value.is_integer() and abs(value) > 1


# ---- of a trained book ---------------------------------------------------------------------------------


def content_of(trained: TrainedBook, typed: Mapping[str, str], answers: Answers) -> Content:
    """The card of a trained book, with what people have typed into it."""
    return Content(
        known=known_texts(trained),
        typed=typed,
        answers=answers,
        data=trained.prints,
        weights=trained.weight_prints,
        results=trained.groups,
    )


# ---- texts -----------------------------------------------------------------------------------------------


def known_texts(trained: TrainedBook) -> dict[str, str]:
    """Variable of the card -> what the run log and the book's own cells say; nothing for what they do not."""
    run, name = trained.run, trained.name
    typed = shlex.quote(name)  # a name with spaces is one word of a command
    texts = {
        "model_id": Path(name).stem,
        "model_type": f"formulas of a worksheet, differentiated exactly; {run['variables']} changing cells",
        "training_data": _training_data(trained),
        "speeds_sizes_times": _speeds(run),
        "testing_data": _testing_data(trained),
        "testing_factors": _factors(trained),
        "testing_metrics": _metrics(trained),
        "results": _figures(trained),
        "model_specs": f"The objective is {run['objective']}, {run['sense']}; the changing cells are "
        f"{run['changing']}.",
        "hardware_type": run.get("hardware"),
        "hours_used": _hours(run.get("seconds")),
        "software": run.get("software"),
        "get_started_code": f"xlcicf check {typed}\nxlcicf train {typed} --out again.xlsx",
    }
    return {variable: str(text) for variable, text in texts.items() if text}


def _training_data(trained: TrainedBook) -> str:
    areas = ", ".join(trained.data)
    return (
        f"{_rows(trained)}The objective reads these cells besides the changing ones: {areas}. SHA-256 of "
        f"what they hold: {trained.data_hash}."
    )


def _rows(trained: TrainedBook) -> str:
    rows, held_out = trained.shown.get("rows"), trained.shown.get(words.NET_HELD_OUT)
    if not rows:
        return ""
    if held_out:
        return f"{rows} rows, of which a share of {held_out:.0%} was held out and never trained on. "
    return f"{rows} rows, all of them trained on. "


def _speeds(run: Mapping) -> str:
    parts = [
        f"optimiser {run['optimizer']}",
        f"{run['steps']} steps",
        f"{run['restarts']} restarts",
        f"seed {run['seed']}",
    ]
    if run.get("lr") is not None:
        parts.append(f"learning rate {run['lr']:g}")
    if "seconds" in run:
        parts.append(f"{run['seconds']:g} seconds")
    if "when" in run:
        parts.append(f"trained {run['when']}")
    return f"{', '.join(parts)}. Why it stopped: {run['reason']}."


def _testing_data(trained: TrainedBook) -> str | None:
    rows, held_out = trained.shown.get("rows"), trained.shown.get(words.NET_HELD_OUT)
    if not rows:
        return None
    if held_out:
        return (
            f"The {held_out:.0%} of {rows} rows that were held out; the switch on {_sheet(trained)} "
            "says which."
        )
    return "None apart: it was judged on the rows it was trained on, which flatters it."


def _sheet(trained: TrainedBook) -> str:
    return str(trained.run["objective"]).rpartition("!")[0]


def _factors(trained: TrainedBook) -> str | None:
    if not trained.groups:
        return None
    names = [str(row[0]) for row in trained.groups.values]
    return (
        f"{', '.join(names)}: on the sheet {trained.groups.cells.sheet}, counted by COUNTIFS over all rows."
    )


def _metrics(trained: TrainedBook) -> str:
    measure = trained.shown.get(words.NET_MEASURE)
    kind = {"MSE": "the mean squared error", "MAE": "the mean absolute error"}.get(str(measure))
    objective = trained.run["objective"]
    first = (
        f"{objective} is {kind}, and training made it small."
        if kind
        else f"{objective}, {trained.run['sense']}."
    )
    return (
        f"{first} Accuracy is the share of rows it gets right."
        if words.NET_ACCURACY in trained.shown
        else first
    )


def _figures(trained: TrainedBook) -> str:
    run, shown = trained.run, trained.shown
    lines = [f"{run['objective']}: {run['before']:.6g} before training, {run['after']:.6g} after."]
    for name, what in ((words.NET_ACCURACY, "training rows"), (words.NET_VALID_ACCURACY, "held-out rows")):
        if isinstance(value := shown.get(name), float):
            lines.append(f"Accuracy on the {what}: {value:.2%}.")
    if trained.groups:
        parts = [f"{row[0]} {row[-1]:.2%}" for row in trained.groups.values if isinstance(row[-1], float)]
        lines.append(f"Accuracy by group, over all rows: {'; '.join(parts)}.")
    return " ".join(lines)


def _hours(seconds) -> str | None:
    return None if seconds is None else f"{seconds / 3600:.2g} ({seconds:g} seconds)"
