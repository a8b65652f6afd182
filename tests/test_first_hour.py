"""A person's first hour: every block of commands in the README and the pages, as it is written, one after the
other in one folder, each line of which must succeed and print what the page shows.

The installation is what this test leaves out: the line that makes an environment is compared, and the present one
stands in its place, under the names that the README gives it; `pytest --full` does install. The add-in is installed
where there is a LibreOffice, and not for root, whom it refuses; tests/addin/libreoffice does that in its own way.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import chain, dropwhile
from pathlib import Path

import pytest

from xlcicf import cli, docs

ROOT = Path(__file__).parents[1]
PAGES = {"README": (ROOT / "README.md").read_text(encoding="utf-8")} | {
    t: docs.page(t) for t in docs.topics()
}
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt ."
TESTS = re.compile(r"^python3 -m venv .* \.venv/bin/pytest .*$")  # which is how this test was begun
ADDIN = "addin install"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the blocks marked sh are for a POSIX shell")


@dataclass(frozen=True)
class Step:
    """A command, or a program in Python, of a page, with the lines that the page shows below it."""

    page: str
    typed: str
    shown: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        """As a shell takes it."""
        return self.typed if "\n" not in self.typed else f"python - <<'ENDED'\n{self.typed}\nENDED"


def blocks(page: str, *languages: str) -> list[tuple[str, str]]:
    """(language, text) of the fenced blocks of a page."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", PAGES[page], re.M | re.S)
    return [(language, text) for language, text in found if language in languages]


def steps(page: str) -> list[Step]:
    found: list[Step] = []
    for language, text in blocks(page, "sh", "console", "python"):
        if language == "python":
            found.append(Step(page, text.rstrip("\n")))
        elif language == "sh":
            found += [Step(page, line) for line in text.splitlines()]
        else:
            for command, _, shown in re.findall(r"^\$ ((.*)\n)((?:(?!\$ ).*\n)*)", text, re.M):
                found.append(Step(page, command.rstrip("\n"), tuple(shown.splitlines())))
    return [step for step in found if not TESTS.match(step.typed)]


HOUR = [step for page in ["README", *docs.topics()] for step in steps(page)]
MARK = "\x1e"


def lived(folder: Path, script: list[str]) -> list[str]:
    """What each command printed, in one shell, each after the one before it; the first that fails ends it."""
    lines = chain.from_iterable((f"printf '{MARK}'", line) for line in script)
    home = folder / "home"  # where an extension of LibreOffice may be installed
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",  # other tests have the other cores
    }
    home.mkdir()
    done = subprocess.run(
        ["bash", "-e"], input="\n".join(lines), cwd=folder, env=environment, capture_output=True, text=True
    )
    printed = done.stdout.split(MARK)[1:]
    assert done.returncode == 0, f"{script[len(printed) - 1]}\n{done.stderr[-2000:]}"
    return printed


def stand_in(folder: Path) -> None:
    """The present environment, as the README's own would be called."""
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, arguments in {"xlcicf": "-m xlcicf.cli ", "python": ""}.items():
        command = commands / name
        command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {arguments}"$@"\n')
        command.chmod(0o755)
    (commands / "activate").write_text(f'export PATH={shlex.quote(str(commands))}:"$PATH"\n')


@pytest.fixture(scope="module")
def hour(tmp_path_factory) -> tuple[Path, dict[Step, str]]:
    """(the folder, what each step printed)."""
    folder = tmp_path_factory.mktemp("first hour")
    stand_in(folder)
    has_office = shutil.which("soffice") and os.geteuid() != 0
    taken = [step for step in HOUR if step.typed != INSTALL and (has_office or ADDIN not in step.typed)]
    return folder, dict(zip(taken, lived(folder, [step.script for step in taken]), strict=True))


def alike(shown: str, printed: str) -> bool:
    """Whether a line is the one shown, but for the digits that another processor may bring."""
    number = r"(?<![\w!.])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?"
    same_words = re.sub(number, "#", " ".join(shown.split())) == re.sub(
        number, "#", " ".join(printed.split())
    )
    pairs = zip(re.findall(number, shown), re.findall(number, printed), strict=False)
    return same_words and all(float(a) == pytest.approx(float(b), rel=0.02, abs=1e-3) for a, b in pairs)


def follows(shown: tuple[str, ...], printed: list[str]) -> bool:
    """Whether the lines shown stand in what was printed, in order, with others only where the page has "..."."""
    rest, may_skip = printed, False
    for line in shown:
        if line.strip() == "...":
            may_skip = True
            continue
        if may_skip:
            rest = list(dropwhile(lambda other, line=line: not alike(line, other), rest))
        if not rest or not alike(line, rest[0]):
            return False
        rest, may_skip = rest[1:], False
    return may_skip or not rest


@pytest.mark.parametrize("page", PAGES)
def test_every_line_of_a_page_does_what_the_page_says(page, hour):
    _, printed = hour
    for step in steps(page):
        if step.shown:
            assert follows(step.shown, printed[step].splitlines()), f"{step.typed}\n{printed[step]}"


def test_the_files_that_the_readme_speaks_of_are_there(hour):
    folder, _ = hour
    made = {path.name for path in folder.iterdir()}
    assert {"titanic.xlsx", "titanic-card.md", "how_a_net_works.xlsx"} <= made
    assert {"how_a_net_works-exercises.xlsx", "how_a_net_works-answers.xlsx", "plan.xlsx"} <= made


def test_the_first_command_is_the_installation_and_the_second_the_demo():
    assert [step.typed for step in HOUR[:2]] == [INSTALL, ".venv/bin/xlcicf demo"]
    windows = [
        line.replace("\\", "/").replace("Scripts", "bin")
        for _, text in blocks("README", "bat")
        for line in text.splitlines()
    ]
    assert windows == ["py -m venv .venv", INSTALL.partition(" && ")[2], HOUR[1].typed]


def commands(page: str) -> list[str]:
    """What a page gives to be typed within its text, and in blocks for Windows and Macs. A verb alone is a
    word of the text."""
    within = re.findall(r"`(xlcicf [^\s`]+ [^`\n]+)`", PAGES[page])
    elsewhere = [line for _, text in blocks(page, "bat", "zsh") for line in text.splitlines()]
    return within + [line for line in elsewhere if line.startswith("xlcicf ")]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_text_is_one(page):
    for command in commands(page):
        typed = re.sub(r" ?\[[^\]]*\]|\.\.\.", "", command).replace("\\|", "|")
        try:
            cli._parser().parse_args(shlex.split(typed)[1:])
        except SystemExit as ended:
            assert ended.code == 0, command


def test_what_is_shown_is_compared():
    printed = ["value 0.1278051 -> 3", "took 1 s", "saved a.xlsx"]
    assert follows(("value 0.1278 -> 3", "...", "saved a.xlsx"), printed)
    assert follows(("value 0.1278 -> 3", "..."), printed)
    assert not follows(("value 0.1278 -> 3",), printed)
    assert not follows(("value 0.1378 -> 3", "..."), printed)
    assert not follows(("value 0.1278 -> 3", "...", "saved b.xlsx"), printed)
    assert not follows(("...", "written"), printed)


@pytest.mark.full
def test_the_installation_too(tmp_path):
    for name in ("xlcicf", "pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    printed = lived(tmp_path, [INSTALL, *(step.script for step in steps("README")[1:4])])
    assert "saved       titanic.xlsx" in printed[1] and "agree to" in printed[3]
