"""vision_transformer.xlsx against torch, stage by stage, and after everything that it tells a reader to try."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests import libreoffice, oracles
from tests.lessons.live import agree, table
from xlcicf.learn import mnist, vision, vit
from xlcicf.lessons import vision_transformer as book

BOOK = Path(__file__).parents[2] / "workbooks" / "vision_transformer.xlsx"
SAMPLE = mnist.sample()
PLACES = book._places_shown()
X = torch.from_numpy(SAMPLE.valid_x[PLACES] / 255)[:, None]
Y = torch.from_numpy(SAMPLE.valid_y[PLACES].astype(int))
FIRST = slice(0, book.FIRST_DIGITS)


def net() -> vit.VisionTransformer:
    """The shipped net in float64, a fresh one."""
    made = vision.trained("vit").double()
    assert isinstance(made, vit.VisionTransformer)
    return made


def stages(image: torch.Tensor, model=None) -> dict[str, tuple]:
    """What torch computes of one image (1, 28, 28) at each stage -> (the block of the book, torch's numbers)."""
    model, found = model or net(), {}
    with torch.no_grad():
        found["picture"] = book.PICTURE, image[0]
        found["patches"] = book.PATCH_TABLE, vit.patches(image[0])
        found["embedded"] = (
            book.EMBEDDED,
            torch.cat([model.class_token[None], model.embed(vit.patches(image[0]))]),
        )
        x = model.tokens(image)
        found["tokens"] = book.TOKENS_IN, x
        for part, seen, layers in zip(model.blocks, book.ATTENTIONS, book.LAYERS, strict=True):
            normed, heads = part.norm1(x), part.attention
            shares, name = heads.shares(normed), seen.name
            found[f"{name}: mean"] = seen.norm.mean, x.mean(1, keepdim=True)
            found[f"{name}: variance"] = seen.norm.variance, x.var(1, unbiased=False, keepdim=True)
            found[f"{name}: normed"] = seen.norm.y, normed
            found[f"{name}: queries"] = seen.query, heads.query(normed)
            found[f"{name}: keys"] = seen.key, heads.key(normed)
            found[f"{name}: values"] = seen.value, heads.value(normed)
            for h in range(book.HEADS):
                of = slice(8 * h, 8 * h + 8)
                q, k, v = (layer(normed)[:, of] for layer in (heads.query, heads.key, heads.value))
                found[f"{name}: scores {h}"] = seen.scores[h], q @ k.T / 8**0.5
                found[f"{name}: shares {h}"] = seen.shares[h], shares[h]
                found[f"{name}: gathered {h}"] = seen.mixed[h], shares[h] @ v
            found[f"{name}: output"] = seen.output, heads(normed)
            x = x + heads(normed)
            found[f"{name}: added"] = seen.result, x
            normed, name = part.norm2(x), layers.name
            found[f"{name}: normed"] = layers.norm.y, normed
            found[f"{name}: sums"] = layers.sums, part.up(normed)
            found[f"{name}: ReLU"] = layers.relu, part.up(normed).relu()
            found[f"{name}: down"] = layers.down, part.down(part.up(normed).relu())
            x = x + found[f"{name}: down"][1]
            found[f"{name}: added"] = layers.result, x
        found["class token"] = book.CLASS_TOKEN, x[0]
        found["class token, normed"] = book.CLASS_NORMED, model.norm(x[0])
        found["scores"] = book.SCORES, model(image)
        found["probabilities"] = book.PROBABILITIES, model(image).softmax(-1)
    return found


STAGES = stages(X[0])


# ---- truth -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", list(STAGES))
def test_a_stage_is_torchs(computed, stage):
    block, expected = STAGES[stage]
    agree(expected, table(computed, block))


def test_patches_are_torchs_unfold(computed):
    unfolded = F.unfold(X[:1], kernel_size=7, stride=7)[0].T
    agree(unfolded, table(computed, book.PATCH_TABLE))


def test_attention_is_torchs_own(computed):
    """torch's scaled_dot_product_attention and layer_norm know nothing of our net's code."""
    for seen in book.ATTENTIONS:
        for h in range(book.HEADS):
            q, k, v = (
                torch.from_numpy(table(computed, seen.part(of, h)))
                for of in (seen.query, seen.key, seen.value)
            )
            agree(
                F.scaled_dot_product_attention(q[None], k[None], v[None])[0], table(computed, seen.mixed[h])
            )


def test_seventeen_tokens_of_sixteen_numbers_and_shares_that_sum_to_one(computed):
    assert table(computed, book.TOKENS_IN).shape == (17, 16)
    for seen in book.ATTENTIONS:
        for shares in seen.shares:
            np.testing.assert_allclose(table(computed, shares).sum(1), 1, rtol=0, atol=1e-12)
    assert table(computed, book.PROBABILITIES).sum() == pytest.approx(1, abs=1e-12)


def test_the_loss_is_cross_entropy(computed):
    agree(F.cross_entropy(net()(X[:1]), Y[:1]).detach(), table(computed, book.LOSS))


def test_each_small_picture_shows_its_weights(computed):
    embed, position = (vision.weights("vit")[name] for name in ("embed.weight", "position"))
    for number in range(book.WIDTH):
        agree(embed[number].reshape(7, 7), table(computed, book.embedding_filter(number)))
    vectors = torch.from_numpy(position[1:].astype(float))
    alike = torch.cosine_similarity(vectors[:, None], vectors[None], -1)
    agree(alike, table(computed, book.ALIKE))
    for p in range(book.PATCHES):
        agree(alike[p].reshape(4, 4), table(computed, book.position_map(p)))


def test_the_parts_numbers_add_up(computed):
    total = computed[f"Numbers!D{6 + len(book._parts())}"]
    numbers = sum(values.size for values in vision.weights("vit").values())
    assert (total, numbers, int(vision.facts("vit")["parameters"])) == (5738, 5738, 5738)


def test_the_weights_are_the_shipped_ones_to_the_last_digit():
    saved = oracles.saved_values(BOOK)
    for name, values in vision.weights("vit").items():
        assert (table(saved, book.PARAMETERS[name]).ravel() == values.ravel().astype(float)).all()


# ---- figures ---------------------------------------------------------------------------------------------


def test_the_shipped_net_reads_at_least_97_digits_of_100(measured):
    scores = vision.scores(vision.trained("vit"), vision.as_maps(SAMPLE.valid_x))
    right = float((scores.argmax(1) == vision.labels(SAMPLE.valid_y)).double().mean())
    known = float(vision.facts("vit")["accuracy"])
    measured("vision transformer, right of 500 (of 10,000)", f"{right:.3f} ({known})")
    assert right >= 0.97 and known >= 0.97


@pytest.mark.mnist_full
def test_the_accuracy_that_the_book_names_is_that_on_the_10000_test_digits(measured):
    full = mnist.full()
    scores = vision.scores(vision.trained("vit"), vision.as_maps(full.valid_x))
    right = float((scores.argmax(1) == vision.labels(full.valid_y)).double().mean())
    measured("vision transformer, right of all 10,000", f"{right:.4f}")
    assert right == pytest.approx(float(vision.facts("vit")["accuracy"]), abs=2e-4)


def test_float32_takes_each_digit_for_the_same_class():
    with torch.no_grad():
        single, double = vision.trained("vit")(X.float()), net()(X)
    first, second = single.topk(2).values.T
    clear = first - second > 1e-4
    assert (single.argmax(1) == double.argmax(1))[clear].all() and clear.sum() > 100


def test_the_book_is_small_and_quick(measured):
    start = time.perf_counter()
    model = oracles.load_ironcalc(BOOK)
    loaded = time.perf_counter()
    model.evaluate()
    done = time.perf_counter()
    measured("vision_transformer.xlsx, size", f"{BOOK.stat().st_size / 1e6:.2f} MB")
    measured(
        "vision_transformer.xlsx, IronCalc loads / computes", f"{loaded - start:.1f} / {done - loaded:.1f} s"
    )
    assert BOOK.stat().st_size < 1_000_000


@pytest.mark.libreoffice
def test_libreoffice_opens_the_book(measured, tmp_path):
    start = time.perf_counter()
    assert libreoffice.convert(BOOK, "pdf", tmp_path).exists()
    measured("vision_transformer.xlsx, LibreOffice opens and prints", f"{time.perf_counter() - start:.1f} s")


# ---- what to do, done ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [3, 101, 108])
def test_another_digit_can_be_picked(live, number):
    live[book.PICKED.ref] = number
    for block, expected in stages(X[number - 1]).values():
        agree(expected, live.read(block))
    says, true = live[book.SAYS.ref], live[book.TRUE_CLASS.ref]
    assert true == Y[number - 1] and (says == true) == (number <= book.FIRST_DIGITS)


def test_the_first_hundred_are_right_and_the_other_eight_are_all_that_is_wrong_of_500():
    with torch.no_grad():
        assert (net()(X[FIRST]).argmax(1) == Y[FIRST]).all()
        scores = net()(torch.from_numpy(SAMPLE.valid_x / 255)[:, None])
    wrong = np.flatnonzero(scores.argmax(1).numpy() != SAMPLE.valid_y) + 1
    assert tuple(wrong) == book.WRONG


def painted(strokes) -> np.ndarray:
    """Ink (28, 28): 1 within a pixel of lines between the given corners (row, column)."""
    row, col = np.mgrid[:28, :28]
    ink = np.zeros((28, 28))
    for corners in strokes:
        for (top, left), (bottom, right) in zip(corners, corners[1:], strict=False):
            share = ((row - top) * (bottom - top) + (col - left) * (right - left)) / (
                (bottom - top) ** 2 + (right - left) ** 2
            )
            share = share.clip(0, 1)
            gap = np.hypot(row - top - share * (bottom - top), col - left - share * (right - left))
            ink[gap <= 1] = 1
    return ink


def test_a_digit_can_be_painted(live):
    live[book.LOOK_AT.ref] = book.MINE
    assert live[book.SAYS.ref] == live["Paint!A8"] == 7 and live[book.TRUE_CLASS.ref] == "yours"
    one = painted([[(5, 15), (22, 13)]])
    live[book.PAINTED.ref] = one
    assert live[book.SAYS.ref] == 1
    agree(net()(torch.from_numpy(one)[None, None]).detach(), live.read(book.SCORES))


def test_without_positions_it_no_longer_knows_what_it_sees(live):
    model = net()
    torch.nn.init.zeros_(model.position)
    with torch.no_grad():
        assert int((model(X[FIRST]).argmax(1) == Y[FIRST]).sum()) == 29
    assert any("gets 29 right" in text for text in book.TO_DO)
    live[book.POSITIONS_ON.ref] = 0
    agree(model(X[:1]).detach(), live.read(book.SCORES))
    assert live[book.SAYS.ref] == model(X[:1]).argmax()


@pytest.mark.parametrize("b, h, right", [(1, 1, 99), (1, 2, 87), (2, 1, 91), (2, 2, 56)])
def test_a_head_can_be_switched_off(live, b, h, right):
    model = net()
    with torch.no_grad():
        model.blocks[b - 1].attention.output.weight[:, 8 * h - 8 : 8 * h] = 0
        assert int((model(X[FIRST]).argmax(1) == Y[FIRST]).sum()) == right
    live[book.ATTENTIONS[b - 1].on[h - 1].ref.replace("'", "")] = 0
    agree(model(X[:1]).detach(), live.read(book.SCORES))


def test_the_figures_of_heads_that_the_book_names_are_those():
    text = " ".join(book.TO_DO)
    assert "Without head 1 of block 1 the net gets 99 of" in text
    assert "without head 2 of block 2 only 56" in text


@pytest.mark.parametrize("asks", [0, 6])
def test_a_tokens_attention_is_laid_over_the_digit(live, asks):
    live["Where it looks!A5"] = asks
    for (b, h), picture in book.SIGHT.items():
        shares = STAGES[f"Attention {b}: shares {h - 1}"][1][asks, 1:].numpy()
        cells = [live[book.share_cell(picture, p).ref] for p in range(book.PATCHES)]
        agree(shares, np.array(cells))
        ink, spread = X[0, 0].numpy(), np.kron(shares.reshape(4, 4), np.ones((7, 7)))
        agree(np.where(ink > 0.2, -ink, spread), live.read(picture))


def test_neighbours_and_corners_have_positions_that_are_alike(live):
    alike = live.read(book.ALIKE)
    down, across = np.divmod(np.arange(16), 4)
    steps = np.abs(down[:, None] - down) + np.abs(across[:, None] - across)
    assert round(alike[steps == 1].mean(), 2) == 0.08 and round(alike[steps > 1].mean(), 2) == -0.06
    corners = {0, 3, 12, 15}
    others = alike - 9 * np.eye(16)
    assert all(others[p].argmax() in corners - {p} for p in corners)
    assert others.argmax() in (3, 48)  # patches 1 and 4
