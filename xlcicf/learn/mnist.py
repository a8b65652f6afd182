"""The digits of MNIST: 1,500 ship with the package, all 70,000 come from the cache that `fetch` fills."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from xlcicf.errors import DataError
from xlcicf.learn import fetch

SIDE = 28  # of an image, in pixels
CLASSES = 10


@dataclass(frozen=True)
class Digits:
    """Images (n, 28, 28) of 0 for paper to 255 for ink, labels (n,) of 0 to 9, all uint8.

    `train` is what a net learns from; `valid`, MNIST's test digits, is what it is judged by.
    """

    train_x: np.ndarray
    train_y: np.ndarray
    valid_x: np.ndarray
    valid_y: np.ndarray

    def only(self, *labels: int) -> "Digits":
        """The digits that have one of these labels, in their order."""
        train, valid = np.isin(self.train_y, labels), np.isin(self.valid_y, labels)
        return Digits(self.train_x[train], self.train_y[train], self.valid_x[valid], self.valid_y[valid])


def sample() -> Digits:
    """The first 1,000 training and the first 500 test digits, which ship with the package."""
    with np.load(str(files("xlcicf.learn") / "data" / "mnist_1500.npz"), allow_pickle=False) as shipped:
        return Digits(**shipped)


def full(folder: str | Path | None = None) -> Digits:
    """All 60,000 training and 10,000 test digits from `folder`, by default the cache.

    Raises DataError where they are not there or not as published.
    """
    folder = fetch.cache() if folder is None else Path(folder)
    return Digits(*(_read(folder, file) for file in fetch.FILES))


def is_full_here(folder: str | Path | None = None) -> bool:
    """Whether `full` will find its files."""
    folder = fetch.cache() if folder is None else Path(folder)
    return all(fetch.is_whole(folder / file.name, file) for file in fetch.FILES)


def scaled(images: np.ndarray) -> np.ndarray:
    """Pixels of 0..255 as float32 of 0..1 in the same shape: what every net here takes."""
    return images.astype(np.float32) / np.float32(255)


# ---- threes and sevens, without a net --------------------------------------------------------------------


def mean_digit(images: np.ndarray) -> np.ndarray:
    """The average of images (n, 28, 28), its pixels from 0 to 1 (28, 28) in float64."""
    return (images / 255).mean(0)


def mean_distance(images: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """How far images (n, 28, 28) are from an ideal one (28, 28) of 0..1: mean absolute differences (n,)."""
    return np.abs(images / 255 - ideal).mean((1, 2))


def rms_distance(images: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """The same by the root of the mean squared difference (n,)."""
    return np.sqrt(((images / 255 - ideal) ** 2).mean((1, 2)))


def pixel_similarity(digits: Digits, one: int = 3, other: int = 7) -> tuple[float, float]:
    """The share of validation digits `one`, then `other`, that are nearer to their own mean training digit.

    fast.ai's baseline (chapter 4 of its book) for threes and sevens; a tie counts for `other`.
    """
    means = {label: mean_digit(digits.train_x[digits.train_y == label]) for label in (one, other)}

    def taken_for_one(label: int) -> np.ndarray:
        images = digits.valid_x[digits.valid_y == label]
        return mean_distance(images, means[one]) < mean_distance(images, means[other])

    return float(taken_for_one(one).mean()), float(1 - taken_for_one(other).mean())


def _read(folder: Path, file: fetch.File) -> np.ndarray:
    """An idx file's array; its header is four bytes, the last of them how many sizes follow."""
    path = folder / file.name
    if not fetch.is_whole(path, file):
        raise DataError(f'the full MNIST is not in {folder}; fetch it with "xlcicf data mnist"')
    content = path.read_bytes()
    if not file.matches(content):
        raise DataError(f'{path} is damaged; delete it and fetch it again with "xlcicf data mnist"')
    sizes = np.frombuffer(content, ">i4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)
