"""The model card as Markdown under a YAML head, as Hugging Face's README.md has it.

The head holds the keys of hub-docs' modelcard.md and is written by Hugging Face's own classes; nothing is
fetched.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from xlcicf import words
from xlcicf.pages.inert import inert, inert_cell
from xlcicf.pages.model_card.content import Content, is_count
from xlcicf.pages.model_card.sections import ASKED, FIELDS, SECTIONS, SOCIETY
from xlcicf.pages.model_card.trained_book import Groups, TrainedBook

_LANGUAGE = re.compile(r"\b[a-z]{2,3}\b")  # ISO 639 codes
_SHORT = re.compile(r"[a-z0-9][a-z0-9.+-]*")
TASK = "tabular-classification", "tabular-regression"  # with an accuracy, without


def card_text(trained: TrainedBook, content: Content) -> str:
    """The whole card of a trained book."""
    from huggingface_hub import ModelCard

    return str(ModelCard(f"---\n{_head(trained, content)}\n---\n\n{body(content)}"))


# ---- head ------------------------------------------------------------------------------------------------


def _head(trained: TrainedBook, content: Content) -> str:
    """The YAML between the dashes."""
    from huggingface_hub import EvalResult, ModelCardData

    task = TASK[0] if words.NET_ACCURACY in trained.shown else TASK[1]
    figures = _figures(trained)
    results = [
        EvalResult(
            task_type=task,
            dataset_type="tabular",
            dataset_name=trained.name,
            dataset_split=split,
            dataset_revision=trained.data_hash,
            metric_type=metric,
            metric_value=value,
            metric_name=name,
        )
        for split, metric, name, value in figures
    ]
    data = ModelCardData(
        language=_LANGUAGE.findall((content.text("language") or "").lower()) or None,
        library_name="xlcicf",
        tags=["spreadsheet", task],
        metrics=list(dict.fromkeys(metric for _, metric, _, _ in figures)),
        model_name=content.text("model_id"),
        eval_results=results,
        pipeline_tag=task,
        **_license(content.text("license")),
    )
    return data.to_yaml()


def _license(text: str | None) -> dict[str, Any]:
    """A licence by its short name, such as mit; any other text is the name of a licence of its own."""
    if text is None:
        return {}
    short = text.strip().lower()
    return (
        {"license": short} if _SHORT.fullmatch(short) else {"license": "other", "license_name": text.strip()}
    )


def _figures(trained: TrainedBook) -> list[tuple[str, str, str, float]]:
    """(split, metric, its name, value) of each figure that the book shows."""
    shown, run = trained.shown, trained.run
    loss = {"MSE": "mse", "MAE": "mae"}.get(str(shown.get(words.NET_MEASURE)), "loss")
    found = [("train", loss, "objective", run["after"])]
    for name, split, metric in (
        (words.NET_ACCURACY, "train", "accuracy"),
        (words.NET_VALID_LOSS, "test", loss),
        (words.NET_VALID_ACCURACY, "test", "accuracy"),
    ):
        if isinstance(value := shown.get(name), float):
            found.append((split, metric, metric, value))
    return found


# ---- body ------------------------------------------------------------------------------------------------


def body(content: Content) -> str:
    """What stands below the head: sixteen sections in order; what is missing is said."""
    return "\n".join(_lines(content)).rstrip() + "\n"


def _lines(content: Content) -> Iterator[str]:
    _, contents, *others = SECTIONS
    yield f"# Model Card for {inert_cell(content.text('model_id') or '')}\n"
    yield f"{_shown(content, 'model_summary')}\n"
    yield f"## {contents.title}\n"
    yield from (f"- [{section.title}](#{_anchor(section.title)})" for section in others)
    yield ""
    for section in others:
        yield f"## {section.title}\n"
        part = ""
        for one in section.fields:
            if one.part != part:
                part = one.part
                yield f"### {part}\n"
            shown = _shown(content, one.variable)
            is_alone = len(section.fields) == 1 or one.heading == one.part
            yield f"{shown}\n" if is_alone else f"**{one.heading}:** {shown}\n"
            if one.variable == "results" and content.results:
                yield from _results_table(content.results)
        if section.title == "Evaluation":
            yield f"### {SOCIETY}\n"
            yield from _ethics_table(content)


def _shown(content: Content, variable: str) -> str:
    one, text = FIELDS[variable], content.text(variable)
    if text is None:
        return "[none given]" if one.optional else f"[to be filled by the {one.who}]"
    return _fenced(text) if variable == "get_started_code" else inert(text)


def _fenced(code: str) -> str:
    """A block of code, in a fence that the code itself does not end."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}sh\n{code}\n{fence}"


def _anchor(title: str) -> str:
    """The anchor that Markdown readers give a heading."""
    return "".join(c for c in title.lower() if c.isalnum() or c in " -").replace(" ", "-")


def _row(cells: Iterable) -> str:
    """A row of a table, each cell on one line."""
    return f"| {' | '.join(inert_cell(str(cell)) for cell in cells)} |"


def _results_table(results: Groups) -> Iterator[str]:
    yield _row(results.headers)
    yield f"|{'---|' * len(results.headers)}"
    for values in results.values:
        yield _row(_as_text(value) for value in values)
    yield ""


def _as_text(value: object) -> str:
    if not isinstance(value, float):
        return str(value or "")
    return f"{value:.0f}" if is_count(value) else f"{value:.1%}"


def _ethics_table(content: Content) -> Iterator[str]:
    yield _row(("question", "answer", "evidence"))
    yield "|---|---|---|"
    for question in ASKED:
        answer, evidence = content.answers.get(question.name, (None, None))
        said = (inert_cell(text) if text else "[open]" for text in (answer, evidence))
        yield f"| {' | '.join([question.text, *said])} |"
    yield ""
