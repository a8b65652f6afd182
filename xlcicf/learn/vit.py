"""A small vision transformer, each stage a step that a sheet can show: patches, attention, class token.

It follows the stages of A Visual Guide to Vision Transformers. Shapes are written for one image; a batch adds
its own dimension in front. n = 16 patches, d = width.
"""

import math
from collections import OrderedDict

import torch
from torch import nn

from xlcicf.learn.mnist import CLASSES, SIDE

PATCH = 7  # the side of a patch, in pixels
PATCHES = (SIDE // PATCH) ** 2  # 16, in lines from the top left


def patches(images: torch.Tensor) -> torch.Tensor:
    """Images (..., 28, 28) as patches (..., 16, 49), the pixels of each line by line."""
    across = SIDE // PATCH
    cut = images.unflatten(-1, (across, PATCH)).unflatten(-3, (across, PATCH))
    return cut.transpose(-3, -2).flatten(-2).flatten(-3, -2)


class Attention(nn.Module):
    """Each token asks all others and takes a mixture of their values; heads do so side by side.

    Head h has the columns h * d / heads and following of queries, keys and values. The output layer joins
    what the heads found.
    """

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def shares(self, x: torch.Tensor) -> torch.Tensor:
        """Who looks at whom (heads, n + 1, n + 1): each row sums to 1. x (n + 1, d)."""
        q, k = self._by_head(self.query(x)), self._by_head(self.key(x))
        return torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]), -1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n + 1, d) -> (n + 1, d)"""
        mixed = self.shares(x) @ self._by_head(self.value(x))
        return self.output(mixed.transpose(-3, -2).flatten(-2))

    def _by_head(self, x: torch.Tensor) -> torch.Tensor:
        """(n + 1, d) -> (heads, n + 1, d / heads)"""
        return x.unflatten(-1, (self.heads, -1)).transpose(-3, -2)


class EncoderBlock(nn.Module):
    """Attention, then a layer of ReLUs on each token by itself; each adds to what comes in (residual).

    Before either, each token is brought to mean 0 and variance 1 (layer norm), scaled and moved.
    """

    def __init__(self, width: int, heads: int, units: int):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.up, self.down = nn.Linear(width, units), nn.Linear(units, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(n + 1, d) -> (n + 1, d)"""
        x = x + self.attention(self.norm1(x))
        return x + self.down(torch.relu(self.up(self.norm2(x))))


class VisionTransformer(nn.Module):
    """Images (..., 1, 28, 28) of 0..1 -> scores of ten classes (..., 10).

    width, heads, units, depth: of a token, of attention, of the layer of ReLUs, and how many blocks.
    """

    def __init__(self, width: int = 32, heads: int = 2, units: int = 64, depth: int = 2):
        super().__init__()
        self.embed = nn.Linear(PATCH * PATCH, width)
        self.class_token = nn.Parameter(torch.randn(width) * 0.02)
        self.position = nn.Parameter(torch.randn(PATCHES + 1, width) * 0.02)
        self.blocks = nn.Sequential(
            OrderedDict((f"block{i}", EncoderBlock(width, heads, units)) for i in range(1, depth + 1))
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, CLASSES)

    def tokens(self, images: torch.Tensor) -> torch.Tensor:
        """What enters the first block (n + 1, d): class token, embedded patches, all with their position."""
        embedded = self.embed(patches(images.squeeze(-3)))
        first = self.class_token.expand(*embedded.shape[:-2], 1, -1)
        return torch.cat([first, embedded], -2) + self.position

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """The class token alone is classified, after the last block."""
        seen = self.blocks(self.tokens(images))
        return self.output(self.norm(seen[..., 0, :]))
