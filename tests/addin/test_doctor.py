"""The doctor on machines of every kind, and the list of what only Excel can show."""

from pathlib import Path

import pytest
import xlwings

from xlcicf import docs
from xlcicf.addin import checklist, doctor

APP_PATH = r"Software\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
OFFICE = r"C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE"
STORE = r"C:\Program Files\WindowsApps\Microsoft.Office.Desktop\EXCEL.EXE"
TRUST = r"Software\Microsoft\Office\16.0\Excel\Security"
POLICY = r"Software\Policies\Microsoft\Office\16.0\Excel\Security"


def windows(tmp_path: Path, registry=None, dlls=(64, 32), version=xlwings.__version__, **changes):
    for bits in dlls:
        (tmp_path / f"xlwings{bits}-{version}.dll").touch()
    known = {(APP_PATH, ""): OFFICE} | (registry or {})
    settings = {
        "platform": "win32",
        "home": tmp_path,
        "environ": {"APPDATA": str(tmp_path / "AppData")},
        "prefix": tmp_path,
        "registry": lambda key, name: known.get((key, name)),
    }
    return doctor.Machine(**(settings | changes))


def bad(machine) -> dict[str, str]:
    """What is not fine, apart from the add-in, which no test installs here."""
    return {f.what: f.says for f in doctor.findings(machine) if not f.fine and f.what != "add-in"}


def test_this_machine_is_well():
    assert {finding.fine for finding in doctor.findings()} == {True}


def test_a_well_kept_windows_has_nothing_wrong(tmp_path):
    assert bad(windows(tmp_path)) == {}


FAULTS = {
    "no Excel": ({"registry": {(APP_PATH, ""): None}}, "Excel", "trained as files"),
    "Excel of the Store": ({"registry": {(APP_PATH, ""): STORE}}, "Excel", "install Office from"),
    "DLL put away": ({"dlls": (32,)}, "DLL 64-bit", "antivirus"),
    "DLL of an old version": ({"version": "0.36.1"}, "DLL 64-bit", "--force-reinstall"),
    "macros off": ({"registry": {(TRUST, "VBAWarnings"): 4}}, "macros", "Disable with notification"),
    "macros off by policy": ({"registry": {(POLICY, "VBAWarnings"): 4}}, "macros", "your organisation"),
    "32-bit Python": ({"bits": 32}, "Python", "64-bit Python"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found_with_its_remedy(tmp_path, fault):
    changes, what, says = FAULTS[fault]
    assert says in bad(windows(tmp_path, **changes))[what]


def test_onedrive_is_mentioned_where_it_is(tmp_path):
    machine = windows(tmp_path, environ={"OneDrive": "x", "APPDATA": str(tmp_path)})
    assert "OneDrive" in {finding.what for finding in doctor.findings(machine)}


def test_a_mac_is_told_what_it_lacks(tmp_path):
    found = {f.what: f for f in doctor.findings(doctor.Machine(platform="darwin", home=tmp_path))}
    assert "for Windows" in found["functions"].says
    assert not found["Excel"].fine


@pytest.mark.parametrize("system", [checklist.WINDOWS, checklist.MAC])
def test_the_selftest_asks_each_check_of_the_system_and_reports_the_answers(system):
    said, answers = [], iter(["", "s", "a | crash"])
    found = checklist.selftest(system, lambda _question: next(answers, ""), said.append, ["Python 3.11"])
    names = [check.name for check, _ in found]
    assert names == [check.name for check in checklist.CHECKS if system in check.system]
    assert all(any(check.steps in line for line in said) for check, _ in found)
    text = checklist.report(system, ["Python 3.11"], found)
    assert "| book | as expected |" in text
    assert "| stranger | skipped |" in text
    assert "| install | a / crash |" in text
    assert "Python 3.11" in text


def test_functions_in_cells_are_asked_on_windows_only():
    assert {c.name for c in checklist.CHECKS if c.system == checklist.WINDOWS} == {
        "functions",
        "derivative",
    }


def test_the_page_is_the_checklist_in_its_order():
    rows = [line for line in docs.page("checklist").splitlines() if line.startswith("| ")][1:]
    assert rows == [f"| {c.name} | {c.system} | {c.steps} | {c.expected} |" for c in checklist.CHECKS]
