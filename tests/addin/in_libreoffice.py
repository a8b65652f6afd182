"""Asks LibreOffice, which runs VBA, what expressions of a module come to."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import oracles


def answers(module: str, expressions: Iterable[str], folder: Path) -> list:
    """What the expressions come to, one after the other in the same running module.

    None stands for an expression that LibreOffice gave up on. `folder` is where it may leave its files.
    """
    python = oracles.python_with_uno()
    if python is None:
        pytest.skip("no Python here has LibreOffice's uno module (python3-uno)")
    probes = {f"Probe{number}": asked for number, asked in enumerate(expressions)}
    functions = [
        f"Public Function {name}()\n    {name} = {asked}\nEnd Function\n" for name, asked in probes.items()
    ]
    done = subprocess.run(
        [python, Path(__file__).with_name("libreoffice_basic.py"), (folder / "profile").as_uri(), *probes],
        input="\n".join([module, *functions]),
        env=os.environ | {"TMPDIR": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
