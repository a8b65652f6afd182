"""A model card as a README.md: Markdown under a YAML head, written by Hugging Face's own classes.

Nothing is fetched: the text is handed over whole, and the head holds the keys of hub-docs' modelcard.md.
"""

import os
import re
from pathlib import Path

from xlcicf import words
from xlcicf.errors import BookError
from xlcicf.ooxml.package import replace_file
from xlcicf.pages.model_card.trained_book import TrainedBook

_LANGUAGE = re.compile(r"\b[a-z]{2,3}\b")  # ISO 639 codes
_SHORT = re.compile(r"[a-z0-9][a-z0-9.+-]*")
TASK = "tabular-classification", "tabular-regression"  # with an accuracy, without


def write_readme(
    path: str | os.PathLike, body: str, trained: TrainedBook, texts: dict[str, str | None]
) -> None:
    """Writes the card whole or not at all.

    texts  variable of the card -> what it says, for the head: model_id, license, language
    Raises BookError where the file cannot be written.
    """
    from huggingface_hub import ModelCard

    card = ModelCard(f"---\n{_head(trained, texts)}\n---\n\n{body}")
    try:
        replace_file(Path(path), str(card).encode())
    except OSError as error:
        raise BookError(
            f"{path} cannot be written ({error.strerror}); choose another place with --out"
        ) from error


def _head(trained: TrainedBook, texts: dict[str, str | None]) -> str:
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
        language=_LANGUAGE.findall((texts["language"] or "").lower()) or None,
        library_name="xlcicf",
        tags=["spreadsheet", task],
        metrics=list(dict.fromkeys(metric for _, metric, _, _ in figures)),
        model_name=texts["model_id"],
        eval_results=results,
        pipeline_tag=task,
        **_license(texts["license"]),
    )
    return data.to_yaml()


def _license(text: str | None) -> dict[str, str]:
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
