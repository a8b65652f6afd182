"""What each command takes of the processor on the lesson's book, beside the import of torch alone."""

import shutil
import statistics
import subprocess
import sys

import pytest

resource = pytest.importorskip("resource")  # which Windows has not
pytestmark = pytest.mark.bench

ROUNDS = 3
BOOK, TRAINED = "titanic.xlsx", "trained.xlsx"
COMMANDS = [
    "--help",
    "lessons",
    f"undo {TRAINED}",
    f"redo {TRAINED}",
    f"card {TRAINED}",
    "doctor",
    f"grad {BOOK}",
    f"grad {BOOK} --check",
    f"check {BOOK}",
    f"train {BOOK}",
    f"train {BOOK} --optimizer adam",
    f"train {BOOK} --restarts 20",
    f"bench {BOOK} --seconds 1",
]
ALWAYS = {"--help", "lessons", f"undo {TRAINED}", f"grad {BOOK}"}
AFTER = {f"redo {TRAINED}": f"undo {TRAINED}"}  # what makes a command possible
ENTRY = ["-c", "import sys; from xlcicf.cli import main; sys.exit(main())"]


def seconds(arguments: list[str], folder) -> float:
    """Of the processor, that a Python with these arguments takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.fixture(scope="module")
def shelf(titanic_book, tmp_path_factory):
    """The lesson's book as it ships, and trained once."""
    folder = tmp_path_factory.mktemp("commands")
    for name in (BOOK, TRAINED):
        shutil.copy(titanic_book, folder / name)
    seconds([*ENTRY, "train", TRAINED], folder)
    return folder


@pytest.fixture
def folder(shelf, tmp_path):
    return shutil.copytree(shelf, tmp_path / "books")


@pytest.fixture(scope="module")
def of_torch(shelf) -> float:
    """What importing torch takes, in the same minutes."""
    return statistics.median(seconds(["-c", "import torch"], shelf) for _ in range(ROUNDS))


@pytest.mark.parametrize(
    "command",
    [c if c in ALWAYS else pytest.param(c, marks=pytest.mark.full) for c in COMMANDS],
)
def test_a_command_beside_the_import_of_torch(command, shelf, folder, of_torch, is_full, measured):
    taken = []
    for _ in range(ROUNDS if is_full else 1):
        shutil.rmtree(folder)
        shutil.copytree(shelf, folder)
        if command in AFTER:
            seconds([*ENTRY, *AFTER[command].split()], folder)
        taken.append(seconds([*ENTRY, *command.split()], folder))
    ours = statistics.median(taken)
    measured(
        f"xlcicf {command} / import torch", f"{ours / of_torch:.2f}x  ({ours:.2f} s against {of_torch:.2f} s)"
    )
