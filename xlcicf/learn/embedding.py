"""Maps of data with many columns: two directions, or two numbers a point, that keep what they can.

After Christopher Olah's essay *Visualizing MNIST* (2014). `python -m xlcicf.learn.embedding` makes the maps
that the lesson on it ships with; a book's build reads them and computes none.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from xlcicf.learn import mnist

TINY = 1e-12  # added to a divisor that is 0 for a point and itself
PER_CLASS = 50  # digits of each class in the book
FEW = 5  # of them in the maps of MDS and Sammon
SOME = 20  # of them in t-SNE's
NEAREST = 3
PERPLEXITY = 15
FRAMES = (0, 20, 50, 100, 105, 110, 120, 130, 150, 200, 400, 1000)


def chosen() -> tuple[np.ndarray, np.ndarray]:
    """(images (500, 28, 28), labels (500,)): the first 50 training digits of each class, class by class."""
    digits = mnist.sample()
    order = np.concatenate([np.flatnonzero(digits.train_y == k)[:PER_CLASS] for k in range(mnist.CLASSES)])
    return digits.train_x[order], digits.train_y[order]


def first_of_each(count: int) -> np.ndarray:
    """Where the first `count` digits of each class stand among the chosen (10 * count,), from 0."""
    return (PER_CLASS * np.arange(mnist.CLASSES)[:, None] + np.arange(count)).ravel()


def distances(x: np.ndarray) -> np.ndarray:
    """Straight-line distances between the rows of x (n, columns): (n, n), exactly 0 from a row to itself."""
    return np.array([np.sqrt(((x - row) ** 2).sum(1)) for row in x])


# ---- PCA -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Directions:
    """The directions in which data spread most.

    mean      of each column (columns,)
    loadings  a direction a row, of length 1, each at right angles to the others (count, columns)
    shares    of the whole variance that lies along each (count,), falling
    """

    mean: np.ndarray
    loadings: np.ndarray
    shares: np.ndarray

    def scores(self, x: np.ndarray) -> np.ndarray:
        """How far each row of x lies along each direction, from the mean: (n, count)."""
        return (x - self.mean) @ self.loadings.T


def pca(x: np.ndarray, count: int = 2) -> Directions:
    """Principal components of x (n, columns); the largest entry of each direction is above 0."""
    import torch

    mean = x.mean(0)
    _, spread, rows = torch.linalg.svd(torch.from_numpy(x - mean), full_matrices=False)
    loadings = rows[:count].numpy()
    largest = np.take_along_axis(loadings, np.abs(loadings).argmax(1)[:, None], 1)
    variances = (spread**2).numpy()
    return Directions(mean, loadings * np.sign(largest), variances[:count] / variances.sum())


# ---- MDS and Sammon's map --------------------------------------------------------------------------------


def _pairs(positions):
    """Distances on the map of each pair once, as (n(n-1)/2,), and which pairs those are."""
    import torch

    first, second = torch.triu_indices(len(positions), len(positions), 1)
    return torch.linalg.vector_norm(positions[first] - positions[second], dim=1), (first, second)


def mds_cost(positions, target):
    """The sum over pairs of (distance on the map - target)²; tensors (n, 2) and (n, n)."""
    mapped, pair = _pairs(positions)
    return ((mapped - target[pair]) ** 2).sum()


def sammon_cost(positions, target):
    """The same with each square divided by its target, and by the sum of all targets (Sammon 1969)."""
    mapped, pair = _pairs(positions)
    return ((mapped - target[pair]) ** 2 / target[pair]).sum() / target[pair].sum()


def cost_and_gradient(cost: Callable, positions: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """A map's cost and its slopes by each position (n, 2), by torch's autograd in float64."""
    import torch

    at = torch.tensor(positions, dtype=torch.float64, requires_grad=True)
    value = cost(at, torch.from_numpy(target))
    value.backward()
    assert at.grad is not None
    return value.item(), at.grad.numpy()


def arranged(cost: Callable, start: np.ndarray, target: np.ndarray, steps: int = 500) -> np.ndarray:
    """Positions (n, 2) of low cost, found from `start` by L-BFGS."""
    import torch

    at = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    wanted = torch.from_numpy(target)
    optimizer = torch.optim.LBFGS([at], max_iter=steps, tolerance_grad=1e-10, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = cost(at, wanted)
        value.backward()
        return value

    optimizer.step(closure)
    return at.detach().numpy()


# ---- nearest neighbours ----------------------------------------------------------------------------------


def neighbours(apart: np.ndarray, count: int = NEAREST) -> np.ndarray:
    """The nearest others of each point, nearest first, from distances (n, n): (n, count), counted from 0."""
    others = apart + np.diag(np.full(len(apart), np.inf))
    return np.argsort(others, axis=1, kind="stable")[:, :count]


def same_class_share(nearest: np.ndarray, labels: np.ndarray) -> float:
    """The share of all neighbours (n, count) that are of their point's class (n,)."""
    return float((labels[nearest] == labels[:, None]).mean())


def links(nearest: np.ndarray) -> np.ndarray:
    """Each pair of which one is a neighbour of the other, once: (pairs, 2), the smaller number first."""
    pairs = [(i, j) for i, row in enumerate(nearest) for j in row]
    return np.unique(np.sort(pairs, axis=1), axis=0)


def force_layout(pairs: np.ndarray, start: np.ndarray, steps: int = 600) -> np.ndarray:
    """Positions (n, 2) of a graph's points: all push each other off with 1 / distance, each link pulls its
    two together with half its length. The steps shorten to nothing."""
    import torch

    at, (first, second) = torch.from_numpy(start.copy()), torch.from_numpy(pairs.T.copy())
    for step in range(steps):
        apart = at[:, None] - at[None]
        push = (apart / ((apart**2).sum(2, keepdim=True) + TINY)).sum(1)
        pull = torch.zeros_like(at)
        pull.index_add_(0, first, at[second] - at[first])
        pull.index_add_(0, second, at[first] - at[second])
        force = push + pull / 2
        longest = 1 - step / steps
        length = torch.linalg.vector_norm(force, dim=1, keepdim=True)
        at += force * torch.clamp(longest / (length + TINY), max=0.1)
    return at.numpy()


# ---- t-SNE -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Affinities:
    """Who is whose neighbour, as probabilities.

    beta   of each point (n,): how fast its interest in others falls with their squared distance
    joint  symmetric (n, n), 0 from a point to itself, 1 in all
    """

    beta: np.ndarray
    joint: np.ndarray


def affinities(squared: np.ndarray, perplexity: float = PERPLEXITY) -> Affinities:
    """From squared distances (n, n): each point gets the beta by which it has `perplexity` neighbours.

    van der Maaten and Hinton (2008), Visualizing data using t-SNE, section 2.
    """
    beta = np.array([_beta(np.delete(row, i), perplexity) for i, row in enumerate(squared)])
    weight = np.exp(-beta[:, None] * squared)
    np.fill_diagonal(weight, 0)
    share = weight / weight.sum(1, keepdims=True)
    return Affinities(beta, (share + share.T) / (2 * len(share)))


def _beta(squared: np.ndarray, perplexity: float) -> float:
    """By bisection of its logarithm, since the entropy of the shares falls as beta grows."""
    low, high = -30.0, 30.0
    for _ in range(100):
        middle = (low + high) / 2
        weight = np.exp(-np.exp(middle) * (squared - squared.min()))
        share = weight / weight.sum()
        entropy = -(share[share > 0] * np.log(share[share > 0])).sum()
        low, high = (middle, high) if entropy > np.log(perplexity) else (low, middle)
    return float(np.exp((low + high) / 2))


def divergence(positions, joint):
    """Kullback and Leibler's divergence of the map's probabilities from joint ones; (n, 2), (n, n)."""
    mapped, pair = _pairs(positions)
    likeness = 1 / (1 + mapped**2)
    p = joint[pair]
    return 2 * (p * (p / likeness).log()).sum() + (2 * likeness.sum()).log()


@dataclass(frozen=True)
class Frame:
    """A map on its way: how many steps were made, where the points are (n, 2), the divergence there."""

    step: int
    positions: np.ndarray
    divergence: float


def tsne(joint: np.ndarray, start: np.ndarray, rate: float = 50.0, hurry: int = 100) -> Iterator[Frame]:
    """The map before the first step and after each, without end: gradient descent with momentum.

    For the first `hurry` steps the attraction is four times itself, so that clusters find each other.
    """
    import torch

    wanted = torch.from_numpy(joint)
    at = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([at], rate, momentum=0.5)
    step = 0
    while True:
        with torch.no_grad():
            yield Frame(step, at.detach().numpy().copy(), divergence(at, wanted).item())
        optimizer.zero_grad()
        divergence(at, 4 * wanted if step < hurry else wanted).backward()
        optimizer.step()
        step += 1
        if step == hurry:
            optimizer.param_groups[0]["momentum"] = 0.8


# ---- what ships ------------------------------------------------------------------------------------------

_SHIPPED = "visualizing_mnist.npz"


def shipped() -> dict[str, np.ndarray]:
    """The maps of the chosen digits, float64 unless told:

    loadings (2, 784); noise (28, 28) uint8; mds.start, mds.found, sammon.found (50, 2); nearest (500, 3) and
    links (pairs, 2) int, counted from 0; graph (500, 2); beta (200,); frames (12, 200, 2); steps (12,) int;
    divergences (12,)
    """
    with np.load(str(files("xlcicf.learn") / "data" / _SHIPPED), allow_pickle=False) as maps:
        return dict(maps)


def computed(seed: int = 0) -> dict[str, np.ndarray]:
    """What `shipped` reads, made anew; half a minute of one processor."""
    rng = np.random.default_rng(seed)
    x = (chosen()[0] / 255).reshape(-1, mnist.SIDE**2)
    maps = {
        "noise": rng.integers(0, 256, (mnist.SIDE, mnist.SIDE)).astype(np.uint8),
        "loadings": pca(x).loadings,
    }
    apart = distances(x[first_of_each(FEW)])
    maps["mds.start"] = rng.uniform(-5, 5, (len(apart), 2)).round(2)
    for name, cost in (("mds", mds_cost), ("sammon", sammon_cost)):
        starts = [maps["mds.start"], *rng.uniform(-5, 5, (30, len(apart), 2))]
        found = [arranged(cost, start, apart) for start in starts]
        best = min(found, key=lambda at: cost_and_gradient(cost, at, apart)[0])
        maps[f"{name}.found"] = (best - best.mean(0)).round(6)
    maps["nearest"] = neighbours(distances(x))
    maps["links"] = links(maps["nearest"])
    maps["graph"] = force_layout(maps["links"], pca(x).scores(x)).round(4)
    return maps | _frames(x[first_of_each(SOME)])


def _frames(x: np.ndarray) -> dict[str, np.ndarray]:
    """t-SNE from a tiny picture of the first two principal components."""
    import torch

    known = affinities(distances(x) ** 2)
    scores = pca(x).scores(x)
    frames = []
    for frame in tsne(known.joint, 1e-4 * scores / scores.std()):
        if frame.step in FRAMES:
            frames.append(np.array([[float(f"{v:.9g}") for v in row] for row in frame.positions]))
        if frame.step == FRAMES[-1]:
            break
    joint = torch.from_numpy(known.joint)
    divergences = [divergence(torch.from_numpy(positions), joint).item() for positions in frames]
    return {
        "beta": known.beta,
        "frames": np.array(frames),
        "steps": np.array(FRAMES),
        "divergences": np.array(divergences),
    }


if __name__ == "__main__":
    from xlcicf.learn.layers import one_thread

    with one_thread():
        arrays: dict[str, Any] = computed()
        np.savez_compressed(Path(__file__).parent / "data" / _SHIPPED, **arrays)
