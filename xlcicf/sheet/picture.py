"""Numbers as a picture: a PNG in which each number is a square, blue below 0 and orange above."""

import struct
import zlib

import numpy as np

from xlcicf.sheet.style import BLUE, ORANGE, rgb

SQUARE = 24  # pixels along one number
MAX_PIXELS = 2_000  # along the longer side; larger tables get smaller squares


def heat_map(values: np.ndarray) -> bytes:
    """A PNG of values (rows, columns): white at 0, full colour at the largest |value|, grey for nan."""
    values = np.atleast_2d(np.asarray(values, dtype=float))
    square = max(1, min(SQUARE, MAX_PIXELS // max(values.shape)))
    return png(np.kron(_colours(values), np.ones((square, square, 1), dtype=np.uint8)))


def _colours(values: np.ndarray) -> np.ndarray:
    """Red, green, blue (rows, columns, 3) of each number."""
    numbers = np.nan_to_num(values)
    largest = np.abs(numbers).max(initial=0.0) or 1.0
    share = (np.abs(numbers) / largest)[:, :, None]
    full = np.where(numbers[:, :, None] < 0, rgb(BLUE), rgb(ORANGE))
    mixed = 255 + (full - 255.0) * share
    return np.where(np.isnan(values)[:, :, None], 200, mixed).round().astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    """A PNG file of pixels (height, width, 3), uint8, after the W3C's PNG specification."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, 1 + 3 * width), dtype=np.uint8)  # each line begins with its filter, 0: none
    lines[:, 1:] = pixels.reshape(height, 3 * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits a colour, RGB
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
