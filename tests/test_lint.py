"""What pyright and ruff say of the code: nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def said_by(*command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=600
    )


@pytest.mark.skipif(not shutil.which("node"), reason="pyright needs Node.js, and would download one")
def test_pyright_reports_nothing_on_the_package():
    done = said_by("pyright", "--pythonpath", sys.executable, "--outputjson", "xlcicf")
    told = json.loads(done.stdout)
    assert told["summary"]["filesAnalyzed"] > 100
    assert [f"{r['file']}: {r['message']}" for r in told["generalDiagnostics"]] == []


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_finds_nothing(command):
    done = said_by("ruff", *command, "xlcicf", "tests")
    assert done.returncode == 0, done.stdout + done.stderr
