"""Maps of digits, against other ways to the same numbers: eigenvectors, finite differences, loops by hand."""

import itertools

import numpy as np
import pytest
import torch

from xlcicf.learn import embedding, mnist

DIGITS, LABELS = embedding.chosen()
ROWS = (DIGITS / 255).reshape(len(DIGITS), -1)
SOME = embedding.first_of_each(embedding.SOME)
FEW = embedding.first_of_each(embedding.FEW)
COSTS = {"mds": embedding.mds_cost, "sammon": embedding.sammon_cost}

every_cost = pytest.mark.parametrize("cost", list(COSTS.values()), ids=list(COSTS))


@pytest.fixture(scope="module")
def maps() -> dict[str, np.ndarray]:
    return embedding.shipped()


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


# ---- the digits ------------------------------------------------------------------------------------------


def test_fifty_training_digits_of_each_class_are_chosen_in_their_order():
    assert LABELS.tolist() == np.repeat(np.arange(10), 50).tolist()
    all_of_them = mnist.sample()
    np.testing.assert_array_equal(DIGITS[50:100], all_of_them.train_x[all_of_them.train_y == 1][:50])
    assert embedding.first_of_each(2)[:6].tolist() == [0, 1, 50, 51, 100, 101]


# ---- PCA -------------------------------------------------------------------------------------------------


def test_pca_finds_the_eigenvectors_of_the_covariance_up_to_their_sign():
    found = embedding.pca(ROWS, 5)
    values, vectors = np.linalg.eigh(np.cov(ROWS.T))
    overlap = np.abs((found.loadings * vectors[:, ::-1][:, :5].T).sum(1))
    np.testing.assert_allclose(overlap, 1, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.shares, values[::-1][:5] / values.sum(), rtol=1e-9)
    np.testing.assert_allclose(found.loadings @ found.loadings.T, np.eye(5), atol=1e-12)
    assert (np.diff(found.shares) < 0).all()


def test_the_variance_of_the_scores_falls_from_direction_to_direction():
    variances = embedding.pca(ROWS, 10).scores(ROWS).var(0)
    assert (np.diff(variances) < 0).all()


def test_the_shipped_loadings_are_those_of_the_digits(maps):
    np.testing.assert_allclose(maps["loadings"], embedding.pca(ROWS).loadings, atol=1e-9)
    assert (maps["loadings"].max(1) == np.abs(maps["loadings"]).max(1)).all()


# ---- MDS and Sammon --------------------------------------------------------------------------------------


@every_cost
def test_the_gradient_is_that_of_finite_differences(cost, rng):
    target, at = embedding.distances(rng.normal(size=(7, 5))), rng.normal(size=(7, 2))
    _, gradient = embedding.cost_and_gradient(cost, at, target)
    for i, j in np.ndindex(at.shape):
        nudge = np.zeros_like(at)
        nudge[i, j] = 1e-6
        up, down = (embedding.cost_and_gradient(cost, at + s * nudge, target)[0] for s in (1, -1))
        assert gradient[i, j] == pytest.approx((up - down) / 2e-6, abs=1e-6)


@every_cost
def test_points_that_lie_in_a_plane_cost_nothing_where_they_lie(cost, rng):
    flat = rng.normal(size=(9, 2))
    tilted = flat @ np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    value, gradient = embedding.cost_and_gradient(cost, flat, embedding.distances(tilted))
    assert value == pytest.approx(0, abs=1e-24)
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


@every_cost
def test_points_that_lie_in_a_plane_are_found_again(cost, rng):
    flat = rng.normal(size=(6, 2))
    found = embedding.arranged(cost, flat + 0.05 * rng.normal(size=(6, 2)), embedding.distances(flat))
    np.testing.assert_allclose(embedding.distances(found), embedding.distances(flat), atol=1e-3)


def test_costs_are_the_sums_that_their_names_promise(rng):
    at, target = rng.normal(size=(4, 2)), embedding.distances(rng.normal(size=(4, 3)))
    pairs = list(itertools.combinations(range(4), 2))
    gaps = [np.linalg.norm(at[i] - at[j]) - target[i, j] for i, j in pairs]
    wanted = [target[pair] for pair in pairs]
    assert embedding.cost_and_gradient(embedding.mds_cost, at, target)[0] == pytest.approx(
        sum(gap**2 for gap in gaps)
    )
    assert embedding.cost_and_gradient(embedding.sammon_cost, at, target)[0] == pytest.approx(
        sum(gap**2 / true for gap, true in zip(gaps, wanted, strict=True)) / sum(wanted)
    )


@pytest.mark.parametrize("name", COSTS)
def test_a_shipped_map_is_at_rest_and_far_cheaper_than_its_start(name, maps, measured):
    apart = embedding.distances(ROWS[FEW])
    start, _ = embedding.cost_and_gradient(COSTS[name], maps["mds.start"], apart)
    found, gradient = embedding.cost_and_gradient(COSTS[name], maps[f"{name}.found"], apart)
    measured(f"{name}: cost at the start, of the shipped map", f"{start:.6g}, {found:.6g}")
    assert found < 0.4 * start
    assert np.abs(gradient).max() < 1e-5 * start


# ---- neighbours ------------------------------------------------------------------------------------------


def test_neighbours_are_the_nearest_others(rng):
    points = rng.normal(size=(12, 3))
    for i, nearest in enumerate(embedding.neighbours(embedding.distances(points))):
        others = sorted(set(range(12)) - {i}, key=lambda j: np.linalg.norm(points[i] - points[j]))
        assert nearest.tolist() == others[:3]


def test_each_tie_stands_once_whoever_names_whom(maps):
    nearest, links = maps["nearest"], maps["links"]
    named = {frozenset((i, int(j))) for i, row in enumerate(nearest) for j in row}
    assert len(links) == len(named)
    assert {frozenset(pair) for pair in links.tolist()} == named
    assert (links[:, 0] < links[:, 1]).all()


def test_the_shipped_neighbours_are_the_digits_own_and_mostly_of_their_class(maps, measured):
    apart = embedding.distances(ROWS)
    np.testing.assert_array_equal(apart, apart.T)
    np.testing.assert_array_equal(maps["nearest"], embedding.neighbours(apart))
    share = embedding.same_class_share(maps["nearest"], LABELS)
    measured("3 nearest of 500 digits: share of their own class", f"expected > .8, got {share:.4f}")
    assert share > 0.8


def test_in_the_layout_ties_are_short():
    pairs = np.array([[0, 1], [1, 2], [3, 4], [4, 5]])
    start = np.random.default_rng(0).normal(size=(6, 2))
    apart = embedding.distances(embedding.force_layout(pairs, start))
    tied = np.zeros((6, 6), bool)
    tied[tuple(pairs.T)] = True
    other = ~(tied | tied.T | np.eye(6, dtype=bool))
    assert apart[tied].max() < apart[other].min()


def test_two_tied_points_rest_where_push_and_pull_are_equal():
    found = embedding.force_layout(np.array([[0, 1]]), np.array([[0.0, 0.0], [0.3, 0.1]]), steps=4000)
    assert np.linalg.norm(found[0] - found[1]) == pytest.approx(2**0.5, abs=1e-3)  # 1 / d = d / 2


def test_the_shipped_layout_keeps_neighbours_together_better_than_pca(maps, measured):
    views = embedding.pca(ROWS).scores(ROWS), maps["graph"]
    flat, graph = (
        embedding.same_class_share(embedding.neighbours(embedding.distances(at)), LABELS) for at in views
    )
    measured("3 nearest on a map of 500 digits of their own class: PCA, graph", f"{flat:.3f}, {graph:.3f}")
    assert graph > 1.5 * flat


# ---- t-SNE -----------------------------------------------------------------------------------------------


def test_affinities_are_symmetric_shares_with_the_perplexity_asked_for(maps):
    squared = embedding.distances(ROWS[SOME]) ** 2
    known = embedding.affinities(squared, 15)
    assert known.joint.sum() == pytest.approx(1)
    np.testing.assert_array_equal(known.joint, known.joint.T)
    np.testing.assert_array_equal(np.diag(known.joint), 0)
    weight = np.exp(-known.beta[:, None] * squared)
    np.fill_diagonal(weight, 0)
    share = weight / weight.sum(1, keepdims=True)
    entropy = -(share * np.log(share + (share == 0))).sum(1)
    np.testing.assert_allclose(np.exp(entropy), 15, rtol=1e-9)
    np.testing.assert_allclose(maps["beta"], known.beta, rtol=1e-9)


def test_the_divergence_is_torchs_own_and_its_gradient_that_of_van_der_maaten_and_hinton(rng):
    joint = embedding.affinities(embedding.distances(rng.normal(size=(9, 4))) ** 2, 3).joint
    at = torch.tensor(rng.normal(size=(9, 2)), requires_grad=True)
    value = embedding.divergence(at, torch.from_numpy(joint))
    value.backward()
    apart = at.detach().numpy()[:, None] - at.detach().numpy()[None]
    likeness = 1 / (1 + (apart**2).sum(2))
    np.fill_diagonal(likeness, 0)
    q = likeness / likeness.sum()
    off = ~np.eye(9, dtype=bool)
    p_off, log_q = (torch.from_numpy(a[off]) for a in (joint, np.log(q + np.eye(9))))
    kl = torch.nn.functional.kl_div(log_q, p_off, reduction="sum")
    assert value.item() == pytest.approx(kl.item(), abs=1e-12)
    by_hand = 4 * (((joint - q) * likeness)[:, :, None] * apart).sum(1)  # equation 5 of their paper
    np.testing.assert_allclose(at.grad.numpy(), by_hand, atol=1e-12)


def test_the_divergence_falls_over_the_shipped_frames_and_is_that_of_their_positions(maps, measured):
    joint = torch.from_numpy(embedding.affinities(embedding.distances(ROWS[SOME]) ** 2).joint)
    again = [embedding.divergence(torch.from_numpy(at), joint).item() for at in maps["frames"]]
    np.testing.assert_allclose(maps["divergences"], again, rtol=0, atol=1e-9)
    measured("t-SNE: divergence, first and last frame", f"{again[0]:.4f}, {again[-1]:.4f}")
    assert (np.diff(maps["divergences"]) < 0).all()
    assert tuple(maps["steps"]) == embedding.FRAMES


def test_tsnes_neighbours_are_purer_than_pcas(maps, measured):
    labels, scores = LABELS[SOME], embedding.pca(ROWS[SOME]).scores(ROWS[SOME])

    def purity(at: np.ndarray) -> float:
        return embedding.same_class_share(embedding.neighbours(embedding.distances(at)), labels)

    first, last = purity(scores), purity(maps["frames"][-1])
    measured("3 nearest on a map of 200 digits of their own class: PCA, t-SNE", f"{first:.3f}, {last:.3f}")
    assert last > first
    assert purity(maps["frames"][0]) == pytest.approx(first, abs=0.01)  # the first frame is PCA, made tiny


def test_the_first_steps_of_tsne_are_the_shipped_ones(maps):
    scores = embedding.pca(ROWS[SOME]).scores(ROWS[SOME])
    joint = embedding.affinities(embedding.distances(ROWS[SOME]) ** 2).joint
    frames = itertools.islice(embedding.tsne(joint, 1e-4 * scores / scores.std()), 21)
    twentieth = list(frames)[20]
    np.testing.assert_allclose(twentieth.positions, maps["frames"][1], rtol=1e-4, atol=1e-6)
