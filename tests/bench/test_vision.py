"""Our training loop beside a bare torch loop, skorch and scikit-learn, on the same digits in the same order."""

import copy
import time
import warnings

import pytest
import torch
from torch.nn import functional as F

from tests.bench.timing import interleaved, ratio
from xlcicf.learn import mnist, train_vision, vision

pytestmark = [pytest.mark.bench, pytest.mark.mnist_full, pytest.mark.usefixtures("one_torch_thread")]

LR, BATCH = 0.03, 256


@pytest.fixture(scope="module")
def digits():
    return mnist.full()


@pytest.fixture(scope="module")
def tensors(digits):
    return train_vision.tensors(digits, train_vision.RECIPES["cnn"])


def ours(net, x, y):
    for _ in vision.fit(net, x, y, 1, LR, batch=BATCH):
        pass


def bare(net, x, y):
    """What one writes in a notebook: the same optimiser, schedule and order, and each loss looked at."""
    opt = torch.optim.AdamW(net.parameters(), LR, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)
    steps = -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(opt, LR, steps, pct_start=0.25, final_div_factor=4000)
    net.train()
    for rows in torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).split(BATCH):
        loss = F.cross_entropy(net(x[rows]), y[rows])
        opt.zero_grad()
        loss.backward()
        opt.step()
        schedule.step()
        loss.item()


def test_an_epoch_beside_a_bare_torch_loop(tensors, measured):
    x, y = (tensor[:20_000] for tensor in tensors[:2])
    net = vision.seeded(vision.convolutions, 0)
    nets = {loop: copy.deepcopy(net) for loop in (ours, bare)}
    seconds = interleaved(
        lambda: ours(copy.deepcopy(net), x, y), lambda: bare(copy.deepcopy(net), x, y), rounds=8
    )
    measured("an epoch of 20,000 digits: ours / bare torch loop", ratio(*seconds))
    for loop, made in nets.items():
        loop(made, x, y)
    assert torch.equal(nets[ours].conv1.weight, nets[bare].conv1.weight)


def test_an_epoch_beside_skorch(tensors, measured):
    skorch = pytest.importorskip("skorch", reason="skorch is not installed: pip install skorch")
    from skorch.callbacks import LRScheduler

    x, y, valid_x, valid_y = tensors
    x, y = x[:20_000], y[:20_000]

    def theirs(net):
        schedule = LRScheduler(
            torch.optim.lr_scheduler.OneCycleLR,
            max_lr=LR,
            total_steps=-(-len(x) // BATCH),
            pct_start=0.25,
            final_div_factor=4000,
            step_every="batch",
        )
        skorch.NeuralNetClassifier(
            net,
            criterion=torch.nn.CrossEntropyLoss,
            optimizer=torch.optim.AdamW,
            optimizer__betas=(0.9, 0.99),
            optimizer__eps=1e-5,
            optimizer__weight_decay=0.01,
            lr=LR,
            max_epochs=1,
            batch_size=BATCH,
            iterator_train__shuffle=True,
            train_split=None,
            callbacks=[schedule],
            verbose=0,
        ).fit(x, y)
        return net

    made = [[], []]

    def fresh():
        return vision.seeded(vision.convolutions, 0)

    def our_call():
        ours(net := fresh(), x, y)
        made[0].append(net)

    seconds = interleaved(our_call, lambda: made[1].append(theirs(fresh())), rounds=5)
    reached = [vision.accuracy(nets[-1], valid_x, valid_y) for nets in made]
    assert min(reached) > 0.5  # both have learned, where guessing is right of a tenth
    measured(
        "an epoch of 20,000 digits: ours / skorch",
        f"{ratio(*seconds)}, accuracy {reached[0]:.4f} against {reached[1]:.4f}",
    )


def test_accuracy_beside_scikit_learns_mlp_classifier(digits, measured):
    neural = pytest.importorskip("sklearn.neural_network", reason="scikit-learn is not installed")
    *_, last = train_vision.cook("cnn", digits, epochs=1)
    x, valid_x = (mnist.scaled(images).reshape(-1, 784) for images in (digits.train_x, digits.valid_x))
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it has not converged after so few passes
        mlp = neural.MLPClassifier((100,), batch_size=BATCH, max_iter=3, random_state=0).fit(
            x, digits.train_y
        )
    seconds = time.perf_counter() - began
    assert min(last.accuracy, mlp.score(valid_x, digits.valid_y)) > 0.5
    measured(
        "60,000 digits: our convolutions, 1 epoch; scikit-learn's MLPClassifier (100), 3 epochs",
        f"accuracy {last.accuracy:.4f} in {last.seconds:.1f} s; {mlp.score(valid_x, digits.valid_y):.4f}"
        f" in {seconds:.1f} s",
    )
