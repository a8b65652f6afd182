"""Nets and losses, held against torch's own modules and the lesson's notebooks."""

import numpy as np
import pytest
import torch

from xlcicf.learn import nets, titanic

DATA = titanic.notebook()
X, y = torch.from_numpy(DATA.X), torch.from_numpy(DATA.y)
SPLIT_2024 = titanic.random_split(891)
ORDER_2026 = np.random.RandomState(42).permutation(891)  # as scikit-learn's train_test_split shuffles
SPLIT_2026 = ORDER_2026[179:], ORDER_2026[:179]


def notebooks_net():
    """Linear(12, 2) with bias as the notebooks begin with it."""
    torch.manual_seed(442)
    return torch.nn.Linear(12, 2, dtype=torch.float64)


def predict(net, X):
    """The notebook's net is ours with the biases as weights of a column of ones."""
    ones = torch.ones(len(X), 1, dtype=torch.float64)
    return nets.predict(torch.hstack([X, ones]), torch.hstack([net.weight, net.bias[:, None]]))


def sgd_steps(net, loss, rows, lr, steps):
    """Plain gradient descent; the loss before each step."""
    optimizer, losses = torch.optim.SGD(net.parameters(), lr), []
    for _ in range(steps):
        optimizer.zero_grad()
        now = loss(predict(net, X[rows]), y[rows])
        now.backward()
        optimizer.step()
        losses.append(now.item())
    return losses


def right(net, rows):
    return round(nets.accuracy(predict(net, X[rows]).detach(), y[rows]) * len(rows))


def test_the_notebooks_net_begins_with_the_printed_weights():
    net = notebooks_net()
    printed = [
        [-0.1173, 0.2466, 0.2275, 0.2314, -0.1507, 0.1053, -0.0708, -0.2079, 0.0194, -0.0628, 0.0422, 0.179],
        [0.094, 0.2245, -0.1496, -0.2016, -0.1398, 0.0969, -0.0097, -0.0817, -0.1263, 0.2669, 0.1418, -0.219],
    ]
    assert net.weight.detach().numpy() == pytest.approx(np.array(printed), abs=0.5e-4)
    assert net.bias.detach().numpy() == pytest.approx([0.0493, 0.2144], abs=0.5e-4)


def test_the_notebooks_net_begins_with_the_published_losses_and_slopes():
    net = notebooks_net()
    pred = predict(net, X)
    assert nets.mae(pred, y).item() == pytest.approx(0.366001374, abs=1e-9)
    assert nets.mae(pred, y).item() * 891 == pytest.approx(326.107224458, abs=1e-9)
    mse = nets.mse(pred, y)
    assert mse.item() == pytest.approx(0.216439016, abs=1e-9)
    mse.backward()
    slopes = [-0.0847, 0.0110, -0.0030, -0.1272, -0.0290, -0.1912, -0.1369, -0.1243, 0.0410, -0.0382, -0.0126,
              -0.1695]  # fmt: skip
    assert net.weight.grad[0].numpy() == pytest.approx(slopes, abs=0.5e-4)


def test_the_2024_notebook_replays_cleanly():
    net, (train, valid) = notebooks_net(), SPLIT_2024
    sgd_steps(net, lambda pred, y: 891 * nets.mae(pred, y), range(891), lr=0.001, steps=1)
    losses = sgd_steps(net, nets.mae, train, lr=0.001, steps=10)
    assert (losses[0], losses[-1]) == pytest.approx((0.290712, 0.289641), abs=0.5e-6)
    assert right(net, valid) == 131


def test_the_2026_notebook_replays_cleanly():
    """Its two tables show one step from the start weights and, from there, one gradient applied twice."""
    net, (train, valid) = notebooks_net(), SPLIT_2026
    sgd_steps(net, nets.mse, range(891), lr=0.01, steps=1)
    sgd_steps(net, nets.mse, range(891), lr=0.02, steps=1)
    assert sgd_steps(net, nets.mae, train, lr=0.01, steps=10) == pytest.approx(
        [.366034, .363477, .360963, .358654, .356382, .354130, .351901, .349689, .347509, .345326], abs=0.5e-6
    )  # fmt: skip
    assert right(net, valid) == 124


def test_the_net_is_two_linear_units_their_relus_and_a_sum():
    hidden = torch.nn.Linear(12, 2, bias=False, dtype=torch.float64)
    expected = torch.nn.functional.relu(hidden(X)).sum(1)
    assert torch.equal(nets.predict(X, hidden.weight), expected)


@pytest.mark.parametrize(
    ("ours", "torchs"), [(nets.mse, torch.nn.functional.mse_loss), (nets.mae, torch.nn.functional.l1_loss)]
)
def test_losses_are_torchs(ours, torchs):
    pred = torch.linspace(-1, 2, 891, dtype=torch.float64)
    assert ours(pred, y).item() == pytest.approx(torchs(pred, y).item(), abs=1e-15)


def test_a_column_is_not_compared_with_a_row():
    with pytest.raises(AssertionError, match="891, 1"):
        nets.mse(torch.zeros(891, 1), y)


def test_a_unit_that_never_fires_is_named():
    W = np.vstack([np.full(12, 0.1), np.full(12, -0.1), np.zeros(12)])
    assert nets.dead_units(DATA.X, W) == [1, 2]


def test_the_linear_optimum_has_no_slope():
    w = nets.linear_optimum(DATA.X, DATA.y)
    assert np.abs(DATA.X.T @ (DATA.X @ w - DATA.y)).max() < 1e-9


@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_the_logistic_optimum_has_no_slope(penalty):
    w = torch.tensor(nets.logistic_optimum(DATA.X, DATA.y, penalty), requires_grad=True)
    entropy = torch.nn.functional.binary_cross_entropy(nets.logistic(X, w), y, reduction="sum")
    (slope,) = torch.autograd.grad(entropy + penalty / 2 * (w @ w), w)
    assert slope.abs().max() < 1e-9


def test_logistic_regression_gets_eight_in_ten_right():
    data = titanic.lesson()
    pred = nets.logistic(data.X, nets.logistic_optimum(data.X, data.y))
    assert nets.accuracy(pred, data.y) == pytest.approx(0.802, abs=1e-3)
