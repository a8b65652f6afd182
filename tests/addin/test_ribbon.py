"""Control, callback and command: the ribbon's three sides hold together."""

import re
from xml.etree import ElementTree

import pytest

from xlcicf.addin import ribbon
from xlcicf.addin.commands import ANSWERS, COMMANDS

SUB = re.compile(r"^Public Sub (\w+)\((.*)\)$", re.MULTILINE)
IN_XML = re.compile(r'(?:onAction|onChange|onLoad|getEnabled|getText|getSelectedItemID)="(\w+)"')


def subs(text: str) -> dict[str, str]:
    """Name -> arguments of each public Sub."""
    return dict(SUB.findall(text))


def test_each_control_has_one_callback_and_one_command():
    callbacks = [n for n in subs(ribbon.callbacks_module()) if n.removeprefix("Ribbon_") in ribbon.CONTROLS]
    assert sorted(callbacks) == sorted(f"Ribbon_{name}" for name in ribbon.CONTROLS)
    assert ribbon.CONTROLS.keys() == COMMANDS.keys()
    assert ANSWERS <= COMMANDS.keys()


def test_each_callback_runs_the_command_of_its_control():
    module = ribbon.callbacks_module()
    for name in ribbon.CONTROLS:
        body = module.partition(f"Public Sub Ribbon_{name}(")[2].partition("End Sub")[0]
        assert re.findall(r'RunCommand "(\w+)"', body) == [name]


def test_whatever_the_xml_calls_is_there():
    assert set(IN_XML.findall(ribbon.ribbon_xml())) <= subs(ribbon.callbacks_module()).keys()


def test_a_macro_book_has_a_macro_for_each_of_its_buttons():
    found = subs(ribbon.callbacks_module())
    assert {name for name in found if name.startswith("Press_")} == {f"Press_{n}" for n in ribbon.ON_SHEET}
    assert all(found[f"Press_{name}"] == "" for name in ribbon.ON_SHEET)


# The signatures that Office asks of callbacks, by the kind of control ([MS-CUSTOMUI]).
ARGUMENTS = {
    "button": "control As IRibbonControl",
    "menu": "control As IRibbonControl",
    "editBox": "control As IRibbonControl, text As String",
    "dropDown": "control As IRibbonControl, id As String, index As Integer",
}


@pytest.mark.parametrize("control", ribbon.CONTROLS.values(), ids=lambda c: c.name)
def test_a_control_is_written_as_its_kind_asks(control):
    root = ElementTree.fromstring(ribbon.ribbon_xml())
    (found,) = [e for e in root.iter() if e.get("id") == control.name]
    assert found.tag == f"{{{ribbon.NAMESPACE}}}{control.kind}"
    assert subs(ribbon.callbacks_module())[f"Ribbon_{control.name}"] == ARGUMENTS[control.kind]
    assert control.tip.endswith(".") and len(control.tip) <= 1024
    assert found.get("getEnabled") == "Ribbon_enabled"


def test_ids_are_unique_and_the_groups_are_those_of_the_design():
    root = ElementTree.fromstring(ribbon.ribbon_xml())
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert list(ribbon.GROUPS) == ["Model", "Train", "Look", "Lessons", "Help"]


def test_what_shows_the_selection_is_asked_anew_when_that_changes():
    following = [n for n, c in ribbon.CONTROLS.items() if isinstance(c.shows, ribbon.OfTheSelection)]
    body = ribbon.callbacks_module().partition("Public Sub SelectionChanged()")[2].partition("End Sub")[0]
    assert re.findall(r'Ribbon\.InvalidateControl "(\w+)"', body) == following == ["subject_to"]
    for event in ("SheetSelectionChange", "SheetActivate"):
        handler = ribbon.events_module().partition(f"Sub App_{event}(")[2].partition("End Sub")[0]
        assert "SelectionChanged" in handler.splitlines()[1]


@pytest.mark.parametrize(
    "module", [ribbon.callbacks_module(), ribbon.events_module()], ids=["ribbon", "events"]
)
def test_the_vba_is_such_as_its_editor_takes(module):
    assert module.isascii()
    assert max(map(len, module.splitlines())) < 1023
    for word in ("Sub", "Function", "Select"):
        opened = re.findall(rf"^\s*(?:Public |Private )?{word}\b", module, re.MULTILINE)
        assert len(opened) == len(re.findall(rf"^\s*End {word}\b", module, re.MULTILINE))
    assert module.startswith("Option Explicit")
