"""`import xlcicf` and `--help` stay light: the heavy libraries wait until they are used."""

import subprocess
import sys

import pytest

import xlcicf

HEAVY = {"torch", "scipy", "pandas", "xlwings", "openpyxl", "ironcalc", "huggingface_hub"}
HELP = "import sys; sys.argv = ['xlcicf', '--help']; from xlcicf.cli import main; main()"
TIMED = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


def run(code: str) -> str:
    """What a fresh Python prints."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("code", ["import xlcicf", HELP], ids=["import xlcicf", "xlcicf --help"])
def test_no_heavy_library_is_loaded_by(code):
    at_exit = "import atexit, sys; atexit.register(lambda: print('loaded:', *sys.modules)); "
    loaded = run(at_exit + code).rpartition("loaded:")[2].split()
    assert "xlcicf" in loaded
    assert HEAVY.intersection(loaded) == set()


@pytest.mark.parametrize("name", xlcicf.__all__)
def test_every_public_name_is_found_where_it_lives(name):
    assert getattr(xlcicf, name).__name__ == name


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = xlcicf.nonsense


@pytest.mark.bench
def test_import_time_beside_numpy(measured):
    seconds = {module: [] for module in ("xlcicf", "numpy")}
    for _ in range(5):  # interleaved, so that a busy moment falls on both
        for module, taken in seconds.items():
            taken.append(float(run(TIMED.format(module))))
    ours, numpy = (min(taken) for taken in seconds.values())
    measured(
        "import xlcicf / import numpy", f"{ours / numpy:.3f}x  ({ours * 1e3:.1f} ms, {numpy * 1e3:.1f} ms)"
    )
