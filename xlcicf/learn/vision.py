"""Nets that look at digits, the loop that trains them, and what one can ask them afterwards.

Images are float32 of 0..1: (n, 1, 28, 28) for convolutions and the transformer, (n, 784) for plain layers.
"""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import TypeVar

import numpy as np
import torch
from safetensors import safe_open
from torch import nn
from torch.nn import functional as F

from xlcicf.learn.mnist import CLASSES, SIDE, scaled
from xlcicf.learn.vit import VisionTransformer

PIXELS = SIDE * SIDE
Net = TypeVar("Net", bound=nn.Module)

# ---- nets ------------------------------------------------------------------------------------------------


def linear(outputs: int = CLASSES) -> nn.Sequential:
    """One layer: a picture of weights for each output, 784 -> outputs."""
    return nn.Sequential(OrderedDict(output=nn.Linear(PIXELS, outputs)))


def hidden(units: int, outputs: int = CLASSES) -> nn.Sequential:
    """784 -> units, ReLU -> outputs. hidden(30, 1) is fast.ai's simple_net, 23,581 parameters."""
    return nn.Sequential(
        OrderedDict(hidden=nn.Linear(PIXELS, units), relu=nn.ReLU(), output=nn.Linear(units, outputs))
    )


def convolutions(
    channels: tuple[int, ...] = (1, 8, 16, 32, 64, CLASSES), first_kernel: int = 5, batchnorm: bool = True
) -> nn.Sequential:
    """Convolutions with stride 2, so that the picture shrinks 28, 14, 7, 4, 2, 1; ReLU between them.

    channels      of the image and after each convolution; the lesson's net has 30,282 parameters besides
                  those of batchnorm, (1, 4, 8, 16, 32, 2) with a first kernel of 3 has 6,722
    first_kernel  the side of the first kernel, the others are 3 x 3; half of it is padding
    batchnorm     between each convolution and its ReLU, from where `fold_batchnorm` can take it away
    """
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for number, (before, after) in enumerate(zip(channels, channels[1:], strict=False), 1):
        kernel = first_kernel if number == 1 else 3
        layers[f"conv{number}"] = nn.Conv2d(before, after, kernel, stride=2, padding=kernel // 2)
        if number < len(channels) - 1:
            if batchnorm:
                layers[f"norm{number}"] = nn.BatchNorm2d(after)
            layers[f"relu{number}"] = nn.ReLU()
    layers["flatten"] = nn.Flatten()
    return nn.Sequential(layers)


def max_pooled(maps: int = 2, dropout: float = 0.1) -> nn.Sequential:
    """A convolution that is followed by max-pool and a dense layer: 750 parameters with two maps.

    28 x 28, shrunk to 14 x 14 by the mean of 2 x 2 pixels, maps of 12 x 12, max-pool to 6 x 6, dropout, 10.
    """
    return nn.Sequential(
        OrderedDict(
            shrink=nn.AvgPool2d(2),
            conv=nn.Conv2d(1, maps, 3),
            relu=nn.ReLU(),
            pool=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dropout=nn.Dropout(dropout),
            output=nn.Linear(36 * maps, CLASSES),
        )
    )


def fold_batchnorm(net: nn.Module) -> nn.Sequential:
    """A net of convolutions alone that computes what `net` computes in eval mode.

    Once trained, batchnorm multiplies each channel by a number and adds one: the convolution before it can
    do that itself.
    """
    folded: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in copy.deepcopy(net).eval().named_children():
        if isinstance(layer, nn.BatchNorm2d):
            name, conv = folded.popitem()
            assert isinstance(conv, nn.Conv2d)
            folded[name] = nn.utils.fuse_conv_bn_eval(conv, layer)
        else:
            folded[name] = layer
    return nn.Sequential(folded).eval()


def seeded(make: Callable[[], Net], seed: int) -> Net:
    """make() with its first weights drawn under this seed; torch's own random numbers go on as before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def parameters(net: nn.Module) -> int:
    """How many numbers the net learns."""
    return sum(weight.numel() for weight in net.parameters())


# ---- losses ----------------------------------------------------------------------------------------------


def mnist_loss(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """fast.ai's loss for probabilities of 1: how far each is from its target of 0 or 1, on average."""
    return torch.where(target == 1, 1 - pred, pred).mean()


def sigmoid_mnist_loss(scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """mnist_loss of scores (n, 1), which the sigmoid makes probabilities; target (n,)."""
    return mnist_loss(scores.sigmoid().squeeze(1), target)


# ---- training --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One batch: its number and its epoch from 1, the loss before its step, learning rate and momentum of it.

    `ends_epoch` is true of the last batch of each epoch.
    """

    number: int
    epoch: int
    loss: float
    lr: float
    momentum: float
    ends_epoch: bool


def adam(weights, lr: float) -> torch.optim.Optimizer:
    """Adam with fast.ai's settings: a weight decay of its own, of 0.01."""
    return torch.optim.AdamW(weights, lr, betas=(0.9, 0.99), eps=1e-5, weight_decay=0.01)


def sgd(weights, lr: float) -> torch.optim.Optimizer:
    """Plain steps downhill, lr times the slope."""
    return torch.optim.SGD(weights, lr)


def fit(
    net: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    epochs: int,
    lr: float,
    batch: int = 512,
    one_cycle: bool = True,
    optimizer: Callable = adam,
    loss: Callable = F.cross_entropy,
    change: Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None = None,
    seed: int = 0,
) -> Iterator[Step]:
    """Trains the net in place and yields a Step after each batch; to stop early, leave the generator alone.

    x          images (n, ...), y (n,) their labels
    lr         the learning rate; with one_cycle its peak: it rises from a 25th of it during the first
               quarter of all steps, then falls to almost nothing, while momentum goes the other way
    optimizer  of the weights and the learning rate
    change     what is done to a batch of images before the net sees it, such as `shifted`
    seed       of the order of the images, new in each epoch, and of `change`

    The last batch of an epoch takes what is left.
    """
    generator = torch.Generator().manual_seed(seed)
    opt = optimizer(net.parameters(), lr)
    steps = -(-len(x) // batch)
    schedule = _one_cycle(opt, lr, epochs * steps) if one_cycle else None
    net.train()
    for epoch in range(1, epochs + 1):
        for i, rows in enumerate(torch.randperm(len(x), generator=generator).split(batch), 1):
            images = x[rows] if change is None else change(x[rows], generator)
            value = loss(net(images), y[rows])
            opt.zero_grad()
            value.backward()
            rate, momentum = opt.param_groups[0]["lr"], _momentum(opt)
            opt.step()
            if schedule is not None:
                schedule.step()
            yield Step((epoch - 1) * steps + i, epoch, value.item(), rate, momentum, i == steps)


def _one_cycle(opt: torch.optim.Optimizer, peak: float, steps: int):
    steps = max(steps, 8)  # torch divides by 0 in a cycle of 4; a shorter run ends before its cycle does
    return torch.optim.lr_scheduler.OneCycleLR(
        opt, peak, total_steps=steps, pct_start=0.25, div_factor=25, final_div_factor=4000,
        cycle_momentum=_momentum(opt) > 0, base_momentum=0.85, max_momentum=0.95,
    )  # fmt: skip


def _momentum(opt: torch.optim.Optimizer) -> float:
    """How much of the last step goes into the next; Adam calls it its first beta."""
    group = opt.param_groups[0]
    return group["betas"][0] if "betas" in group else group.get("momentum", 0.0)


def shifted(images: torch.Tensor, generator: torch.Generator, most: int = 1) -> torch.Tensor:
    """The batch (n, 1, 28, 28) moved by up to `most` pixels down and right or up and left, one way for all.

    Paper comes in where it moved from; the little ink that some digits have at the rim may leave.
    """
    down, right = torch.randint(2 * most + 1, (2,), generator=generator).tolist()
    height, width = images.shape[2:]
    return F.pad(images, [most] * 4)[:, :, down : down + height, right : right + width]


# ---- questions to a net ----------------------------------------------------------------------------------


def as_maps(images: np.ndarray) -> torch.Tensor:
    """Images (n, 28, 28) of 0..255 as convolutions take them: (n, 1, 28, 28) of 0..1."""
    return torch.from_numpy(scaled(images))[:, None]


def as_rows(images: np.ndarray) -> torch.Tensor:
    """Images (n, 28, 28) of 0..255 as plain layers take them: (n, 784) of 0..1."""
    return torch.from_numpy(scaled(images)).flatten(1)


def labels(numbers: np.ndarray) -> torch.Tensor:
    """Labels (n,) as cross_entropy takes them, int64."""
    return torch.from_numpy(numbers.astype(np.int64))


@torch.no_grad()
def scores(net: nn.Module, x: torch.Tensor, batch: int = 2000) -> torch.Tensor:
    """What the net makes of images (n, ...), in eval mode: (n, outputs). A net in training may go on."""
    training = net.training
    net.eval()
    out = torch.cat([net(part) for part in x.split(batch)])
    net.train(training)
    return out


def accuracy(net: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """The share of images (n, ...) taken for what y (n,) says; of a net with one output, above 0 is 1."""
    out = scores(net, x)
    guesses = (out[:, 0] > 0).long() if out.shape[1] == 1 else out.argmax(1)
    return (guesses == y).double().mean().item()


# ---- what goes on inside during training -----------------------------------------------------------------

NEAR_ZERO = 0.05  # an activation this small or smaller counts as near zero, as in fast.ai's plots
BINS, TOP = 40, 10.0  # a histogram's bins from 0 to TOP; what is above goes into the last


@dataclass(frozen=True)
class Activity:
    """What one layer put out for one batch: mean, standard deviation, share near zero, histogram (40,)."""

    mean: float
    sd: float
    near_zero: float
    histogram: np.ndarray

    @classmethod
    def of(cls, out: torch.Tensor) -> "Activity":
        counts = torch.histc(out.float().clamp(0, TOP), BINS, 0, TOP).to(torch.int64)
        near = (out.abs() <= NEAR_ZERO).double().mean()
        return cls(out.mean().item(), out.std().item(), near.item(), counts.numpy())


@contextmanager
def watched(net: nn.Sequential, layers: tuple[str, ...]) -> Iterator[dict[str, list[Activity]]]:
    """Within it each forward pass appends an Activity to the list of each of these layers."""
    seen: dict[str, list[Activity]] = {name: [] for name in layers}

    def note(name: str, _layer, _in, out: torch.Tensor) -> None:
        seen[name].append(Activity.of(out.detach()))

    hooks = [net.get_submodule(name).register_forward_hook(partial(note, name)) for name in layers]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


# ---- trained nets ----------------------------------------------------------------------------------------


def no_weights() -> nn.Sequential:
    """`linear`, its weights 0 at first: what no digit ever inks stays 0, and the pictures are clean."""
    net = linear()
    for weight in net.parameters():
        nn.init.zeros_(weight)
    return net


# name -> the net before training. Which data and settings made the shipped weights: train_vision.py.
NETS: dict[str, Callable[[], nn.Module]] = {
    "linear": no_weights,
    "hidden": partial(hidden, 10),
    "linear_3_7": partial(linear, 1),
    "simple_net": partial(hidden, 30, 1),
    "cnn": convolutions,
    "cnn_3_7": partial(convolutions, (1, 4, 8, 16, 32, 2), first_kernel=3, batchnorm=False),
    "max_pooled": max_pooled,
    "vit": partial(VisionTransformer, width=16, heads=2, units=32, depth=2),
}


def weights(name: str) -> dict[str, np.ndarray]:
    """The shipped weights of one of NETS by their names in torch's state_dict, float32.

    "linear"      784 -> 10, softmax regression: "output.weight" (10, 784), "output.bias" (10,)
    "hidden"      784 -> 10 -> 10: "hidden.weight" (10, 784), "output.weight" (10, 10) and biases
    "linear_3_7"  784 -> 1, its score above 0 for a three, below for a seven
    "simple_net"  784 -> 30 -> 1, likewise
    "cnn"         1 -> 8 -> 16 -> 32 -> 64 -> 10 with batchnorm; `trained("cnn")` for it as a net
    "cnn_3_7"     1 -> 4 -> 8 -> 16 -> 32 -> 2 without batchnorm; class 1 is a three
    "max_pooled"  1 -> 2 maps, max-pool, 72 -> 10: "conv.weight" (2, 1, 3, 3), "output.weight" (10, 72)
    "vit"         two blocks, tokens of 16 numbers, two heads
    """
    return _stored(name)[0]


def facts(name: str) -> dict[str, str]:
    """What is known of the shipped weights: net, parameters, images, epochs, seed, accuracy (of valid)."""
    return _stored(name)[1]


def trained(name: str) -> nn.Module:
    """One of NETS with its shipped weights, in eval mode."""
    net = seeded(NETS[name], 0)
    net.load_state_dict({key: torch.from_numpy(value) for key, value in weights(name).items()})
    return net.eval()


def runs() -> dict[str, np.ndarray]:
    """The log of an epoch of the convolutions over 60,000 digits, three times: one fails, two work.

    For "constant" (learning rate 0.06 throughout), "one_cycle" (up to 0.06 and down again) and "batchnorm"
    (that, with batchnorm), keys such as "constant.loss":
    ".loss", ".lr", ".momentum"         of each step (118,)
    ".accuracy"                         of the test digits after it (1,)
    ".relu1.mean", ".relu4.mean"        of the first and the last ReLU's outputs, every other step (59,)
    ".relu1.sd", ".relu1.near_zero"     likewise
    ".relu1.histogram"                  counts in 40 bins from 0 to 10 (59, 40)
    """
    return _stored("runs")[0]


def one_image_run() -> dict[str, np.ndarray]:
    """The log of the convolutions without batchnorm over 56,000 digits, one at a time, learning rate 0.01.

    "loss"      of the images No. 1, 1001, 2001, ... alone, as the lesson's notebook prints it (56,)
    "mean"      of the 1,000 losses from each of these on (56,)
    "accuracy"  of the test digits after the last (1,)
    """
    return _stored("one_image")[0]


def _stored(name: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    path = files("xlcicf.learn") / "data" / f"{name}.safetensors"
    with safe_open(str(path), framework="numpy") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata() or {}
