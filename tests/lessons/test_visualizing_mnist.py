"""visualizing_mnist.xlsx: its numbers against torch's, its training, what it tells a reader to try. What every
lesson book promises is tested in test_books.py, the maps themselves in tests/learn/test_embedding.py."""

import json
import time
from pathlib import Path

import ironcalc
import numpy as np
import openpyxl
import pytest
import torch

from tests import libreoffice, oracles
from tests.lessons.live import Live, agree, table
from xlcicf import cli
from xlcicf.host import open_book
from xlcicf.learn import embedding
from xlcicf.lessons import visualizing_mnist as lesson
from xlcicf.ooxml.openpyxl_book import save_generated
from xlcicf.solve import differentiate, find_problem

BOOK = Path(__file__).parents[2] / "workbooks" / "visualizing_mnist.xlsx"
DIGITS, LABELS = embedding.chosen()
ROWS = (DIGITS / 255).reshape(len(DIGITS), -1)
FEW, SOME = (embedding.first_of_each(count) for count in (embedding.FEW, embedding.SOME))
MAPS = {"MDS": (lesson.MDS, embedding.mds_cost), "Sammon": (lesson.SAMMON, embedding.sammon_cost)}

every_map = pytest.mark.parametrize("of, cost", list(MAPS.values()), ids=list(MAPS))


@pytest.fixture(scope="module")
def live() -> Live:
    """One calculator for all tests, which set all that they depend on: a recalculation takes seconds."""
    return Live(BOOK)


# ---- the file --------------------------------------------------------------------------------------------


def test_how_heavy_the_book_is(measured):
    measured(f"{BOOK.name}: size", f"{BOOK.stat().st_size / 1e6:.2f} MB")
    times = [time.process_time()]
    model = ironcalc.load_from_xlsx(str(BOOK), "en", "UTC", "en")
    times.append(time.process_time())
    model.evaluate()
    times.append(time.process_time())
    opening, calculating = np.diff(times)
    measured(
        f"{BOOK.name}: IronCalc opens, recalculates", f"{opening:.1f} s, {calculating:.1f} s of processor"
    )
    assert BOOK.stat().st_size < 4_000_000
    computed = [model.get_cell_value(*cell) for cell in model.get_all_cells()]
    assert sum(isinstance(value, float) for value in computed) > 100_000


@pytest.mark.libreoffice
def test_libreoffice_opens_it_with_every_sheet_and_chart(tmp_path, measured):
    started = time.perf_counter()
    opened = libreoffice.convert(BOOK, "xlsx", tmp_path)
    measured(f"{BOOK.name}: LibreOffice opens it and saves it", f"{time.perf_counter() - started:.1f} s")
    was, now = (openpyxl.load_workbook(path) for path in (BOOK, opened))
    assert now.sheetnames == was.sheetnames
    assert [len(ws._charts) for ws in now] == [len(ws._charts) for ws in was]


def test_each_class_is_a_series_with_a_colour_and_a_shape_of_its_own():
    workbook = lesson.build()
    for sheet in ("Two pixels", "PCA", "MDS", "Sammon", "Neighbours", "t-SNE"):
        chart = workbook[sheet]._charts[0]
        series = [each for each in chart.series if each.marker.symbol]
        looks = {(s.marker.symbol, s.marker.graphicalProperties.solidFill.srgbClr) for s in series}
        assert len(series) == len(looks) == 10, sheet


CHANGED = {
    lesson.PICKED: 77, lesson.CHOSEN.cell(0, 0): 10, lesson.PAIR.cell(1, 0): 4, lesson.VIEW.cell(0, 0): 3,
    lesson.CONTRAST.cell(0, 0): 3, lesson.MDS.learning_rate: 0.03, lesson.MDS.positions.cell(3, 1): 8,
    lesson.ASKED: 480, lesson.FRAME: 6, lesson.DIGITS.pixels.cell(0, 300): 200,
}  # fmt: skip


@pytest.mark.libreoffice
def test_ironcalc_and_libreoffice_agree_whatever_is_typed(tmp_path):
    workbook, path = lesson.build(), tmp_path / "set.xlsx"
    for block, value in CHANGED.items():
        workbook[block.sheet][block.corner] = value
    save_generated(workbook, path)
    computers = oracles.ironcalc_values(path), oracles.libreoffice_values(path)
    assert oracles.disagreements(path, *computers) == []


# ---- what its formulas say, beside torch -----------------------------------------------------------------


def test_the_digits_stand_in_the_book_sorted_by_class(saved):
    np.testing.assert_array_equal(table(saved, lesson.DIGITS.pixels, empty=0.0), 255 * ROWS)
    np.testing.assert_array_equal(table(saved, lesson.DIGITS.labels).ravel(), LABELS)


def test_pixels_shows_the_first_digit_and_noise(saved):
    agree(DIGITS[0] / 255, table(saved, lesson.PICTURE))
    assert saved["Pixels!I40"] == (DIGITS[0] == 0).sum() == 608
    noise = table(saved, lesson.NOISE)
    assert abs(noise.mean() - 0.5) < 0.03
    nearest = np.sqrt(((ROWS - noise.ravel()) ** 2).sum(1)).min()
    assert (
        nearest > 2 * embedding.distances(ROWS)[np.arange(500), embedding.shipped()["nearest"][:, 0]].mean()
    )


def test_two_pixels_are_the_two_columns(saved):
    for column, (line, col) in ((lesson.TWO_X, (18, 16)), (lesson.TWO_Y, (7, 12))):
        agree(DIGITS[:, line - 1, col - 1] / 255, table(saved, column).ravel())


def test_pca_is_torchs_svd_up_to_sign(saved, measured):
    centred = torch.from_numpy(ROWS - ROWS.mean(0))
    u, s, rows = torch.linalg.svd(centred, full_matrices=False)
    shares = (s**2 / (s**2).sum()).numpy()
    scores = (u * s).numpy()[:, :2]
    got = table(saved, lesson.SCORES)[:, :2]
    agree(scores, got * np.sign((got * scores).sum(0)))
    agree(ROWS.mean(0), table(saved, lesson.DIRECTIONS)[0])
    agree(shares[:2], table(saved, lesson.SHARES).ravel()[:2])
    agree((s**2).sum().item() / len(ROWS), table(saved, lesson.VARIANCES).sum())
    measured("PCA: share of the first, the second direction", f"{shares[0]:.4f}, {shares[1]:.4f}")
    assert table(saved, lesson.SPREAD)[:2, 2].max() < 1e-12
    assert abs(saved["PCA!B16"]) < 1e-12


def test_no_direction_of_ones_own_spreads_the_digits_more_than_the_first(saved):
    third = table(saved, lesson.DIRECTIONS)[3]
    wanted = ROWS[LABELS == 0].mean(0) - ROWS[LABELS == 4].mean(0)
    agree(wanted / np.linalg.norm(wanted), third)
    assert saved["PCA!B13"] > max(saved["PCA!B14"], saved["PCA!B15"])


def test_the_distances_are_those_of_the_pixels(saved):
    agree(embedding.distances(ROWS[FEW]), table(saved, lesson.APART))
    agree(torch.cdist(*2 * [torch.from_numpy(ROWS[SOME])]).numpy() ** 2, table(saved, lesson.SQUARED))


@every_map
def test_cost_and_slopes_are_torchs_and_a_step_follows_them(saved, of, cost):
    apart, at = embedding.distances(ROWS[FEW]), table(saved, of.positions)
    value, gradient = embedding.cost_and_gradient(cost, at, apart)
    agree(value, saved[of.cost.ref.replace("$", "")])
    assert np.abs(table(saved, of.gradient) - gradient).max() <= 1e-9 * np.abs(gradient).max()
    agree(at - of.rate * gradient, table(saved, of.after))
    after, _ = embedding.cost_and_gradient(cost, at - of.rate * gradient, apart)
    agree(after, saved[of.cost_after.ref.replace("$", "")])
    found, _ = embedding.cost_and_gradient(cost, table(saved, of.found), apart)
    agree(found, saved[of.cost_found.ref.replace("$", "")])
    assert found < after < value


@every_map
def test_the_sheets_slopes_are_xlcicfs_and_finite_differences(saved, copy, of, cost, measured):
    book = open_book(copy)
    f = differentiate(book, find_problem(book, of.sheet))
    gradient = f.gradient(f.start)
    by_formulas = table(saved, of.gradient).ravel()
    assert oracles.difference(gradient, by_formulas) <= 1e-9
    for i in (0, 37, 99):
        nudge = np.zeros_like(f.start)
        nudge[i] = 1e-5
        nudged = (f.value(f.start + nudge) - f.value(f.start - nudge)) / 2e-5
        assert gradient[i] == pytest.approx(nudged, rel=1e-5, abs=1e-8)
    gap = oracles.difference(gradient, by_formulas)
    measured(f"{of.sheet}: slopes by formulas and by xlcicf, 100 cells", f"{gap:.1e}")
    book.close()


def test_the_distances_beside_each_neighbour_and_the_classes_are_right(saved, measured):
    nearest = table(saved, lesson.NEAREST).astype(int) - 1
    apart = embedding.distances(ROWS)
    agree(np.take_along_axis(apart, nearest, 1), table(saved, lesson.FAR))
    np.testing.assert_array_equal(
        table(saved, lesson.ALIKE).ravel(), (LABELS[nearest] == LABELS[:, None]).sum(1)
    )
    share = saved[lesson.OWN_CLASS.ref.replace("$", "")]
    measured("Neighbours: share of their own class", f"expected > .8, got {share:.4f}")
    assert share > 0.8


def test_mutual_ties_are_counted_from_both_ends(saved):
    nearest = table(saved, lesson.NEAREST).astype(int) - 1
    names = np.zeros((500, 500), bool)
    np.put_along_axis(names, nearest, True, 1)
    mutual = names & names.T
    np.testing.assert_array_equal(table(saved, lesson.BACK).ravel(), mutual.sum(1))
    assert len(embedding.links(nearest)) == lesson.TIES == names.sum() - mutual.sum() // 2
    assert saved[lesson.MUTUAL.ref.replace("$", "")] == pytest.approx(mutual.sum() / 1500)


def test_the_charts_lines_join_each_tie_and_break_after_it(saved):
    graph = table(saved, lesson.GRAPH)
    for k, (one, other) in enumerate(embedding.shipped()["links"]):
        row = lesson.NEAR_TOP + 3 * k
        ends = [[saved[f"Neighbours!{x}{row + i}"] for x in ("BX", "BY")] for i in range(2)]
        assert ends == [graph[one].tolist(), graph[other].tolist()]
        assert f"Neighbours!BX{row + 2}" not in saved


def test_every_digit_of_tsne_has_fifteen_friends_and_the_cost_is_torchs(saved, measured):
    agree(np.full((200, 1), 15.0), table(saved, lesson.PERPLEXITY))
    joint = torch.from_numpy(embedding.affinities(embedding.distances(ROWS[SOME]) ** 2).joint)
    cost = embedding.divergence(torch.from_numpy(table(saved, lesson.SPOTS)), joint).item()
    got = saved["'t-SNE'!D6"]
    measured("t-SNE: cost by formulas, by torch", f"{got:.12f}, {cost:.12f}")
    agree(cost, got)
    agree(cost, saved["'t-SNE'!D7"])


# ---- what Read me tells to try ---------------------------------------------------------------------------


def test_another_digit_is_read_as_numbers(live):
    live[lesson.PICKED.ref] = 350
    np.testing.assert_allclose(live.numbers(lesson.PICTURE.ref), ROWS[349], atol=1e-12)
    assert live["Pixels!E5"] == LABELS[349] == 6


def test_some_pairs_of_pixels_tell_two_classes_apart_and_others_do_not(live, measured):
    shares = []
    for across, up, pair, _ in lesson.SUGGESTIONS:
        live[lesson.CHOSEN.ref], live[lesson.PAIR.ref] = [*across, *up], list(pair)
        shares.append(live[lesson.TOLD_APART.ref])
        points = np.stack([DIGITS[:, line - 1, col - 1] / 255 for line, col in (across, up)], 1)
        own, other = (points[LABELS == k] for k in pair)
        nearer = [
            ((at - a.mean(0)) ** 2).sum(1) < ((at - b.mean(0)) ** 2).sum(1)
            for at, a, b in ((own, own, other), (other, other, own))
        ]
        assert shares[-1] == pytest.approx(np.mean(nearer))
    measured("two pixels: nearer to their own middle", ", ".join(f"{share:.2f}" for share in shares))
    assert shares[1] > shares[0] > 0.85
    assert shares[3] > 0.95 and shares[2] < 0.6


def test_direction_3_spreads_the_digits_less_and_parts_its_two_classes_better(live):
    def parted(scores: np.ndarray) -> float:
        four, zero = scores[LABELS == 4], scores[LABELS == 0]
        return (zero.mean() - four.mean()) / np.sqrt(zero.var() + four.var())

    live[lesson.VIEW.ref] = [3, 1]
    drawn = [live.numbers(column.ref) for column in lesson.DRAWN]
    assert live["PCA!B15"] < live["PCA!B13"]
    assert parted(drawn[0]) > parted(drawn[1])


@every_map
def test_a_step_pasted_onto_the_positions_makes_the_cost_what_was_foretold(live, of, cost):
    live[of.positions.ref] = embedding.shipped()["mds.start"]
    live[of.learning_rate.ref] = of.rate
    before, foretold = live[of.cost.ref], live[of.cost_after.ref]
    live[of.positions.ref] = live.numbers(of.after.ref)
    assert live[of.cost.ref] == pytest.approx(foretold, rel=1e-9)
    assert live[of.cost_after.ref] < foretold < before
    assert live[f"{of.sheet}!E4"] == "the step makes the cost smaller"


def test_a_step_of_0_03_is_too_long_for_mds(live):
    live[lesson.MDS.positions.ref] = embedding.shipped()["mds.start"]
    live[lesson.MDS.learning_rate.ref] = 0.03
    assert live[lesson.MDS.cost_after.ref] > live[lesson.MDS.cost.ref]
    assert live["MDS!E4"] == "the step makes it no smaller"


def test_a_step_of_0_01_never_makes_mdss_cost_larger():
    apart, rng = embedding.distances(ROWS[FEW]), np.random.default_rng(3)
    for spread in (0.1, 1, 5, 20, 200):
        at = rng.normal(size=(50, 2)) * spread
        before, gradient = embedding.cost_and_gradient(embedding.mds_cost, at, apart)
        assert embedding.cost_and_gradient(embedding.mds_cost, at - 0.01 * gradient, apart)[0] <= before


@every_map
def test_xlcicf_train_makes_the_map_and_undo_takes_it_back(copy, of, cost, capsys, measured):
    assert cli.main(["train", str(copy), "--sheet", of.sheet, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["variables"] == 100
    assert facts["parity_max"] <= 1e-9
    apart = embedding.distances(ROWS[FEW])
    best, _ = embedding.cost_and_gradient(cost, embedding.shipped()[f"{of.sheet.lower()}.found"], apart)
    measured(f"xlcicf train --sheet {of.sheet}: cost", f"{facts['before']:.6g} -> {facts['after']:.6g}")
    assert best * 0.999 < facts["after"] < 1.2 * best
    assert cli.main(["undo", str(copy)]) == 0
    restored = oracles.saved_values(copy)
    np.testing.assert_array_equal(table(restored, of.positions), embedding.shipped()["mds.start"])


def test_without_a_sheet_train_names_both_problems(copy, capsys):
    assert cli.main(["train", str(copy)]) == 1
    told = capsys.readouterr().err
    assert "MDS" in told and "Sammon" in told


def test_the_three_nearest_of_any_digit_are_those_of_the_table(live):
    nearest = embedding.shipped()["nearest"]
    for number in (1, 137, 500):
        live[lesson.ASKED.ref] = number
        found = live.numbers(lesson.LIVE.ref).reshape(3, 3)
        assert found[:, 0].tolist() == (nearest[number - 1] + 1).tolist()
        assert found[:, 1].tolist() == LABELS[nearest[number - 1]].tolist()
        assert live[lesson.AGREES.ref] == "as in the table below"
        np.testing.assert_allclose(
            live.numbers(lesson.NEAR_PICTURES[1].ref), ROWS[nearest[number - 1][0]], atol=1e-12
        )


def test_through_the_frames_the_cost_falls_and_crowds_form(live, measured):
    costs, purities = [], []
    for frame in range(1, 13):
        live[lesson.FRAME.ref] = frame
        costs.append(live[lesson.DIVERGENCE.ref])
        purities.append(live[lesson.PURITY.ref])
        assert live[lesson.STORED.ref] == pytest.approx(costs[-1], abs=1e-9)
        spots = embedding.shipped()["frames"][frame - 1]
        near = embedding.neighbours(embedding.distances(spots))
        assert purities[-1] == pytest.approx(embedding.same_class_share(near, LABELS[SOME]))
    measured("t-SNE's frames: cost", ", ".join(f"{cost:.3f}" for cost in costs))
    measured("t-SNE's frames: neighbours of their own class", ", ".join(f"{p:.2f}" for p in purities))
    assert (np.diff(costs) < 0).all()
    assert purities[-1] > live[lesson.PCA_PURITY.ref] == purities[0]
