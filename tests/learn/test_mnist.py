"""The digits: what ships, the full set's published facts, and threes and sevens told apart without a net."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

from xlcicf.errors import DataError
from xlcicf.learn import fetch, mnist

PUBLISHED = "7ce8dd067d2c2f19821ff4ca2ba38330aafb251bae85ce3a163d2063ecce02fc"


@pytest.fixture(scope="module")
def full():
    return mnist.full()


def test_the_shipped_file_is_the_published_one():
    content = files("xlcicf.learn").joinpath("data", "mnist_1500.npz").read_bytes()
    assert hashlib.sha256(content).hexdigest() == PUBLISHED


def test_a_thousand_digits_to_learn_from_and_five_hundred_to_be_judged_by():
    digits = mnist.sample()
    assert digits.train_x.shape == (1000, 28, 28) and digits.valid_x.shape == (500, 28, 28)
    assert digits.train_y.shape == (1000,) and digits.valid_y.shape == (500,)
    assert {array.dtype for array in vars(digits).values()} == {np.dtype(np.uint8)}
    assert np.bincount(digits.train_y).min() > 80


def test_the_notice_names_the_authors_and_the_licence():
    notice = files("xlcicf.learn").joinpath("data", "NOTICE.md").read_text(encoding="utf-8")
    for word in ("mnist_1500.npz", "LeCun", "Cortes", "Burges", "CC BY-SA 3.0"):
        assert word in notice


def test_scaled_pixels_run_from_0_to_1():
    inputs = mnist.scaled(mnist.sample().train_x)
    assert inputs.dtype == np.float32
    assert (inputs.min(), inputs.max()) == (0, 1)


def test_only_keeps_what_it_is_asked_for():
    digits = mnist.sample().only(3, 7)
    assert set(digits.train_y) == set(digits.valid_y) == {3, 7}
    assert len(digits.train_x) == len(digits.train_y)


def test_distances_of_a_digit_from_itself_are_0():
    image = mnist.sample().train_x[:1]
    ideal = mnist.mean_digit(image)
    assert mnist.mean_distance(image, ideal) == mnist.rms_distance(image, ideal) == 0


def test_threes_and_sevens_of_the_sample_are_told_apart_by_pixels():
    assert np.mean(mnist.pixel_similarity(mnist.sample())) > 0.9


def test_a_missing_set_says_how_to_get_it(tmp_path):
    assert not mnist.is_full_here(tmp_path)
    with pytest.raises(DataError, match='fetch it with "xlcicf data mnist"'):
        mnist.full(tmp_path)


def test_a_damaged_file_says_so(tmp_path):
    for file in fetch.FILES:
        (tmp_path / file.name).write_bytes(bytes(file.size))
    with pytest.raises(DataError, match="train-images-idx3-ubyte is damaged"):
        mnist.full(tmp_path)


# ---- all 70,000 ------------------------------------------------------------------------------------------


@pytest.mark.mnist_full
def test_the_sample_is_the_beginning_of_the_full_set(full):
    shipped = mnist.sample()
    for what, array in vars(shipped).items():
        assert np.array_equal(array, getattr(full, what)[: len(array)])


@pytest.mark.mnist_full
def test_mean_and_standard_deviation_of_all_pixels(full, told):
    got = full.train_x.mean() / 255, full.train_x.std() / 255
    told("facts", "MNIST, mean and sd of all pixels", "0.1307, 0.3081", f"{got[0]:.4f}, {got[1]:.4f}")
    assert got == pytest.approx((0.1307, 0.3081), abs=5e-5)


@pytest.mark.mnist_full
def test_fast_ais_threes_and_sevens_are_all_of_mnist(full):
    digits = full.only(3, 7)
    assert np.bincount(digits.train_y)[[3, 7]].tolist() == [6131, 6265]
    assert np.bincount(digits.valid_y)[[3, 7]].tolist() == [1010, 1028]


@pytest.mark.mnist_full
def test_pixel_similarity_is_fast_ais(full, told):
    threes, sevens = mnist.pixel_similarity(full)
    got = threes, sevens, (threes + sevens) / 2
    told(
        "facts",
        "pixel similarity: threes, sevens, mean",
        ".9168, .9854, .9511",
        ", ".join(f"{g:.4f}" for g in got),
    )
    assert got == pytest.approx((0.9168, 0.9854, 0.9511), abs=5e-5)


@pytest.mark.mnist_full
def test_the_distances_of_fast_ais_three_are_those_of_digit_10000(full, told):
    three = full.train_x[10000:10001]
    assert full.train_y[10000] == 3
    got = []
    for label in (3, 7):
        ideal = mnist.mean_digit(full.train_x[full.train_y == label])
        got += [mnist.mean_distance(three, ideal)[0], mnist.rms_distance(three, ideal)[0]]
    told(
        "facts",
        "a three: L1 and RMSE to mean 3, to mean 7",
        ".1114, .2021, .1586, .3021",
        ", ".join(f"{g:.4f}" for g in got),
    )
    assert got == pytest.approx((0.1114, 0.2021, 0.1586, 0.3021), abs=5e-5)


def test_a_top_edge_kernel_on_digit_12_gives_fast_ais_spot_values(told):
    image = mnist.sample().train_x[12].astype(int)
    top_edge = np.array([[-1] * 3, [0] * 3, [1] * 3])
    got = [int((image[r : r + 3, c : c + 3] * top_edge).sum()) for r, c in ((4, 6), (7, 17), (0, 0))]
    told("facts", "top edge at rows 4-6, cols 6-8; 7-9, 17-19; corner", "762, -29, 0", f"{got}")
    assert got == [762, -29, 0]
