"""The extension xlcicf.oxt for LibreOffice, made on this computer from text: functions, menu, toolbar, agent.

Nothing is compiled: LibreOffice reads the types as they are written, and runs the agent in its own Python.
The agent starts this Python, whose path the extension holds. The same installation writes the same bytes.
"""

import json
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import xlcicf
from xlcicf import host
from xlcicf.addin.function_calls import CellFunction
from xlcicf.addin.installed import EXTENSION, IDENTIFIER, SETTINGS, TOOLBAR
from xlcicf.addin.ribbon import CONTROLS, GROUPS, Control
from xlcicf.addin.udfs import FUNCTIONS
from xlcicf.errors import BookError
from xlcicf.words import TAB

PROTOCOL = (
    "org.xlcicf.nn"  # of the commands behind menu and toolbar: PROTOCOL:CONTROL or PROTOCOL:CONTROL?TEXT
)

AGENT = Path(host.__file__).parent / "libreoffice" / "agent"
COMPONENT = "component.py"  # the agent's file that LibreOffice loads; it finds the others in pythonpath/

# class of the agent -> the services that LibreOffice looks for
SERVICES = {
    "org.xlcicf.AddIn": ("org.xlcicf.AddIn", "com.sun.star.sheet.AddIn"),
    "org.xlcicf.Dispatch": ("com.sun.star.frame.ProtocolHandler",),
    "org.xlcicf.Watcher": ("com.sun.star.task.Job",),
    "org.xlcicf.Namer": ("com.sun.star.task.Job",),
}

# what happens to a document -> who is told
EVENTS = {
    "OnNew": ["org.xlcicf.Watcher"],
    "OnLoad": ["org.xlcicf.Watcher"],
    "OnViewCreated": ["org.xlcicf.Watcher"],
    "OnFocus": ["org.xlcicf.Watcher"],
    "OnUnload": ["org.xlcicf.Watcher"],
    "OnSaveDone": ["org.xlcicf.Namer", "org.xlcicf.Watcher"],
    "OnSaveAsDone": ["org.xlcicf.Namer", "org.xlcicf.Watcher"],
}

DATE = (1980, 1, 1, 0, 0, 0)  # of each file inside: the first that a zip can say
CONFIGURATION = "application/vnd.sun.star.configuration-data"


def build_extension(out_dir: str | os.PathLike, python: str = sys.executable) -> Path:
    """Writes xlcicf.oxt and returns its path. Raises BookError where it cannot be written.

    python  what the agent starts
    """
    path = Path(out_dir) / EXTENSION
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            for name, text in _files(python).items():
                package.writestr(zipfile.ZipInfo(name, DATE), text, zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise BookError(f"{path} cannot be written ({error.strerror}); choose another folder") from error
    return path


def _files(python: str) -> dict[str, str]:
    """The text of each file, by its place in the extension."""
    described = {  # what LibreOffice reads, each with its kind
        "types.idl": ("application/vnd.sun.star.uno-typelibrary;type=RDB", types()),
        "xlcicf.components": ("application/vnd.sun.star.uno-components", components()),
        "CalcAddIns.xcu": (CONFIGURATION, calc_add_ins()),
        "ProtocolHandler.xcu": (CONFIGURATION, protocol_handler()),
        "Jobs.xcu": (CONFIGURATION, jobs()),
        "Addons.xcu": (CONFIGURATION, menu_and_toolbar()),
        "CalcWindowState.xcu": (CONFIGURATION, window_state()),
    }
    agent = {path.name: path.read_text(encoding="utf-8") for path in sorted(AGENT.glob("*.py"))}
    return {
        "META-INF/manifest.xml": _manifest({name: kind for name, (kind, _) in described.items()}),
        "description.xml": _description(),
        **{name: text for name, (_, text) in described.items()},
        COMPONENT: agent.pop(COMPONENT),
        SETTINGS: json.dumps(settings(python), indent=1) + "\n",
        **{f"pythonpath/xlcicf_agent/{name}": text for name, text in agent.items()},
    }


ROWS, VOLATILE = (
    "sequence< sequence<any> >",
    "com::sun::star::sheet::XVolatileResult",
)  # what a function gives


# --- functions --------------------------------------------------------------------------------------------


def method(function: CellFunction) -> str:
    """What LibreOffice calls a function inside: nnRelu."""
    return "nn" + function.name.removeprefix("NN_").capitalize()


def types() -> str:
    """The methods' types. Each argument by value is an `any`: LibreOffice lets nothing else be left out."""
    methods = "".join(
        f"  {VOLATILE if function.volatile else ROWS} {method(function)}"
        f"({', '.join(_parameters(function))});\n"
        for function in FUNCTIONS.values()
    )
    return f"module org {{ module xlcicf {{\ninterface XFunctions {{\n{methods}}};\n}}; }};\n"


def _parameters(function: CellFunction) -> Iterator[str]:
    if function.by_reference:
        yield "[in] com::sun::star::beans::XPropertySet caller"
    for name, argument in function.arguments.items():
        kind = "any"
        if argument.cells and name not in function.defaults:
            kind = "com::sun::star::table::XCellRange"
        elif name == function.vararg:
            kind = "sequence<any>"
        yield f"[in] {kind} p{name}"


def settings(python: str) -> dict:
    """What the agent knows of this installation."""
    functions = {
        method(function): {
            "name": function.name,
            "doc": function.summary,
            "by_reference": function.by_reference,
            "vararg": function.vararg is not None,
            "arguments": [
                {"name": name, "doc": function.hint(name), "cells": argument.cells}
                for name, argument in function.arguments.items()
            ],
        }
        for function in FUNCTIONS.values()
    }
    boxes = {
        control.name: {"label": control.label, "tip": control.tip}
        for control in CONTROLS.values()
        if control.kind == "editBox"
    }
    return {
        "version": xlcicf.__version__,
        "python": python,
        "functions": functions,
        "boxes": boxes,
    }


def calc_add_ins() -> str:
    """The functions as Calc knows them before it has asked the agent."""
    functions = "".join(
        _node(
            method(function),
            _text("DisplayName", function.name),
            _text("Description", function.summary),
            _value("Category", "Add-In"),
            _text("CompatibilityName", function.name),
            _node(
                "Parameters",
                *(
                    _node(
                        f"p{place:02}{name}",
                        _text("DisplayName", name),
                        _text("Description", function.hint(name)),
                    )
                    for place, name in enumerate(function.arguments)
                ),
                op=None,
            ),
        )
        for function in FUNCTIONS.values()
    )
    add_in = _node("org.xlcicf.AddIn", _node("AddInFunctions", functions, op=None))
    return _configuration("CalcAddIns", _node("AddInInfo", add_in, op=None))


# --- menu and toolbar -------------------------------------------------------------------------------------


def menu_and_toolbar() -> str:
    """The menu has each control of the ribbon's table, the toolbar the buttons that are pressed most."""
    menu = _item("org.xlcicf.menu", TAB, "", _node("Submenu", *_numbered(_menu()), op=None))
    buttons = [(control.label, command(control)) for control in pressed_most()]
    toolbar = _node(TOOLBAR, *_numbered(buttons))
    return _configuration(
        "Addons",
        _node(
            "AddonUI",
            _node("OfficeToolBar", toolbar, op=None),
            _node("OfficeMenuBar", menu, op=None),
            op=None,
        ),
    )


def command(control: Control, text: str | None = None) -> str:
    """The address behind a control, with the text that its command takes."""
    return f"{PROTOCOL}:{control.name}" + ("" if text is None else f"?{quote(text, safe='')}")


def pressed_most() -> list[Control]:
    """The large buttons and those of training."""
    return [
        control
        for group, controls in GROUPS.items()
        for control in controls
        if control.kind == "button" and (control.large or group == "Train")
    ]


def _menu() -> Iterator[tuple]:
    """(label, address, entries below it) of each entry; between groups a line."""
    for number, controls in enumerate(GROUPS.values()):
        if number:
            yield "", "private:separator"
        for control in controls:
            yield _entry(control)


def _entry(control: Control) -> tuple:
    match control.kind:
        case "button":
            return control.label, command(control)
        case "editBox":  # its command asks for the text
            return f"{control.label}...", command(control)
        case "menu":
            return control.label, "", [(label, command(control, text)) for text, label in control.choices]
        case _:
            return control.label, "", [(choice, command(control, choice)) for choice in control.choices]


def _numbered(entries: Iterable[tuple]) -> Iterator[str]:
    """As nodes whose names keep the order."""
    for number, (label, address, *below) in enumerate(entries):
        inner = [_node("Submenu", *_numbered(listed), op=None) for listed in below]
        yield _item(f"m{number:02}", label, address, *inner)


def _item(name: str, label: str, address: str, *inner: str) -> str:
    if address == "private:separator":
        return _node(name, _value("URL", address))
    return _node(
        name,
        _value("URL", address),
        _text("Title", label),
        _value("Target", "_self"),
        _value("Context", "com.sun.star.sheet.SpreadsheetDocument"),
        *inner,
    )


def window_state() -> str:
    """The toolbar's title; without it LibreOffice makes one up."""
    toolbar = _node(
        f"private:resource/toolbar/addon_{TOOLBAR}",
        _text("UIName", TAB),
        _value("ContextSensitive", "false"),
        _value("Visible", "true"),
    )
    states = _node("UIElements", _node("States", toolbar, op=None), op=None)
    return _configuration("CalcWindowState", states, package="org.openoffice.Office.UI")


# --- what LibreOffice registers ---------------------------------------------------------------------------


def components() -> str:
    """The agent's classes by their services."""
    implementations = "".join(
        f"<implementation name={quoteattr(name)}>"
        + "".join(f"<service name={quoteattr(service)}/>" for service in services)
        + "</implementation>"
        for name, services in SERVICES.items()
    )
    return (
        f'{XML}<components xmlns="http://openoffice.org/2010/uno-components">'
        f'<component loader="com.sun.star.loader.Python" uri="{COMPONENT}">{implementations}</component>'
        "</components>\n"
    )


def protocol_handler() -> str:
    """Commands of ours go to the agent."""
    protocols = (
        '<prop oor:name="Protocols" oor:type="oor:string-list"><value>' + f"{PROTOCOL}:*</value></prop>"
    )
    return _configuration(
        "ProtocolHandler", _node("HandlerSet", _node("org.xlcicf.Dispatch", protocols), op=None)
    )


def jobs() -> str:
    """Who hears of what happens to documents."""
    heard = sorted({name for names in EVENTS.values() for name in names})
    services = [_node(name, _value("Service", name)) for name in heard]
    events = [
        _node(event, _node("JobList", *map(_node, names), op=None), op="fuse")
        for event, names in EVENTS.items()
    ]
    return _configuration("Jobs", _node("Jobs", *services, op=None), _node("Events", *events, op=None))


def _description() -> str:
    return (
        f'{XML}<description xmlns="http://openoffice.org/extensions/description/2006">'
        f'<identifier value="{IDENTIFIER}"/><version value={quoteattr(xlcicf.__version__)}/>'
        f'<display-name><name lang="en">xlcicf: {TAB}</name></display-name></description>\n'
    )


def _manifest(kinds: dict[str, str]) -> str:
    entries = "".join(
        f"<manifest:file-entry manifest:media-type={quoteattr(kind)} manifest:full-path={quoteattr(name)}/>"
        for name, kind in kinds.items()
    )
    manifest = "http://openoffice.org/2001/manifest"
    return f'{XML}<manifest:manifest xmlns:manifest="{manifest}">{entries}</manifest:manifest>\n'


# --- LibreOffice's configuration in XML -------------------------------------------------------------------

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _configuration(name: str, *nodes: str, package: str = "org.openoffice.Office") -> str:
    return (
        f'{XML}<oor:component-data xmlns:oor="http://openoffice.org/2001/registry"'
        ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        f' oor:name="{name}" oor:package="{package}">\n{"".join(nodes)}</oor:component-data>\n'
    )


def _node(name: str, *inner: str, op: str | None = "replace") -> str:
    """A node; op None is one that LibreOffice has already."""
    how = "" if op is None else f' oor:op="{op}"'
    return f"<node oor:name={quoteattr(name)}{how}>{''.join(inner)}</node>\n"


def _value(name: str, text: str) -> str:
    return f'<prop oor:name="{name}"><value>{escape(text)}</value></prop>'


def _text(name: str, text: str) -> str:
    """A property in words; LibreOffice shows the English ones where it has none of its own language."""
    return f'<prop oor:name="{name}"><value xml:lang="en-US">{escape(text)}</value></prop>'
