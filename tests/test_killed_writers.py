"""A command that is killed at any of its file events loses nothing: the book is whole, and Undo knows the way back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.killed_writers import KILLED

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork to die at each event in turn")


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> dict:
    """What `tests.killed_writers` tells of each command."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-m", "tests.killed_writers", str(folder)]
    root = Path(__file__).parents[1]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", KILLED)
def test_a_kill_at_any_event_leaves_a_whole_book_and_the_way_back(name, left, measured):
    """The old book or the new one, `undo` true to it, no wider permissions, and nothing left after a next run."""
    killed = left[name]
    assert killed["faults"] == []
    assert killed["events"] > 25
    old = "old" if name in EXISTING else "none"
    assert {state["book"] for state in killed["states"]} == {old, "new"}
    measured(name, f"{killed['events']} kills, {len(killed['states'])} different folders left")


@pytest.mark.parametrize("name", KILLED)
def test_only_a_book_of_several_names_waits_half_written_for_the_next_command(name, left):
    """No system replaces the content under several names at once."""
    waits = any(not state["at once"] for state in left[name]["states"])
    assert waits == bool(KILLED[name].names)


EXISTING = {name for name in KILLED if "a new book" not in name and name != "demo"}
