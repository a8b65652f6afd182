"""Presses controls in a LibreOffice that has the extension, as a person does; for a Python that has its `uno`.

    python3 pressing.py PROFILE_URI

starts one and answers lines of JSON, [what, arguments], each with [true, result] or [false, why there is none]. Both
are a process group of their own.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import uno
from com.sun.star.sheet.FillDirection import TO_BOTTOM
from com.sun.star.util import URL
from uno_office import _connected, desktop_of, properties_of


class Pressing:
    def __init__(self, profile):
        pipe = "xlcicf" + uuid.uuid4().hex
        command = ["soffice", "-env:UserInstallation=" + profile, "--norestore", "--nologo"]
        command += [f"--accept=pipe,name={pipe};urp;"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr
        )
        self.context = _connected(pipe)
        self.desktop = desktop_of(self.context)
        self.toolkit = self.service("com.sun.star.awt.Toolkit")
        self.documents = {}

    def service(self, name):
        return self.context.ServiceManager.createInstanceWithContext(name, self.context)

    def open(self, path):
        document = self.desktop.loadComponentFromURL(uno.systemPathToFileUrl(path), "_blank", 0, ())
        self.documents[path] = document
        return document.RuntimeUID

    def open_paths(self):
        return list(self.documents)

    def close(self, path):
        document = self.documents.pop(path)
        document.setModified(False)
        document.close(True)

    def save(self, path):
        self.documents[path].store()

    def press(self, path, control, text=None):
        url = URL()
        url.Complete = "org.xlcicf.nn:" + control
        _, url = self.service("com.sun.star.util.URLTransformer").parseStrict(url)
        dispatch = self.documents[path].CurrentController.Frame.queryDispatch(url, "_self", 0)
        dispatch.dispatch(url, properties_of(Text=text) if text is not None else ())

    def cells(self, path, sheet, address):
        return self.documents[path].Sheets.getByName(sheet).getCellRangeByName(address)

    def select(self, path, sheet, address):
        self.documents[path].CurrentController.select(self.cells(path, sheet, address))

    def values(self, path, sheet, address):
        return self.cells(path, sheet, address).getDataArray()

    def text(self, path, sheet, address):
        return self.cells(path, sheet, address).String

    def write(self, path, sheet, address, rows):
        self.cells(path, sheet, address).setDataArray(tuple(map(tuple, rows)))

    def enter(self, path, sheet, address, formula):
        self.cells(path, sheet, address).getCellByPosition(0, 0).setFormula(formula)

    def enter_array(self, path, sheet, address, formula):
        self.cells(path, sheet, address).setArrayFormula(formula)

    def saved(self, path, sheet, name):
        """What a name of a sheet refers to; nothing where it has none."""
        names = self.documents[path].Sheets.getByName(sheet).NamedRanges
        return names.getByName(name).Content if names.hasByName(name) else ""

    def define(self, path, name, content):
        names = self.documents[path].NamedRanges
        if names.hasByName(name):
            names.getByName(name).setContent(content)
        else:
            names.addNewByName(name, content, uno.createUnoStruct("com.sun.star.table.CellAddress"), 0)

    def clear(self, path, sheet, address):
        self.cells(path, sheet, address).clearContents(1023)

    def keys(self, path, sheet, address, text, entered="Return"):
        """Types into the first of the cells, as a person does: the formula is computed in the main thread."""
        document = self.documents[path]
        document.CurrentController.setActiveSheet(document.Sheets.getByName(sheet))
        self.select(path, sheet, address)
        self.hands("mousemove", "700", "600")
        self.type(text, entered)

    def type(self, text, entered="Return"):
        """Types into whatever has the keyboard."""
        self.hands("type", "--delay", "20", text)
        self.hands("key", entered)

    def hands(self, *arguments):
        """Mouse and keyboard, as the window system knows them."""
        subprocess.run(["xdotool", *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=30)

    def error(self, path, sheet, address):
        return self.cells(path, sheet, address).getCellByPosition(0, 0).getError()

    def wizard(self):
        """The functions of ours that it lists: name -> names of the arguments."""
        descriptions = self.service("com.sun.star.sheet.FunctionDescriptions")
        found = {}
        for i in range(descriptions.Count):
            said = {part.Name: part.Value for part in descriptions.getByIndex(i)}
            if said["Name"].startswith("NN_"):
                found[said["Name"]] = [argument.Name for argument in said["Arguments"] or ()]
        return found

    def insert_rows(self, path, sheet, first, count):
        self.documents[path].Sheets.getByName(sheet).Rows.insertByIndex(first - 1, count)

    def hide_rows(self, path, sheet, first, last):
        self.cells(path, sheet, f"A{first}:A{last}").Rows.IsVisible = False

    def fill_down(self, path, sheet, address):
        self.cells(path, sheet, address).fillAuto(TO_BOTTOM, 1)

    def move(self, path, sheet, address, to):
        target = self.cells(path, sheet, to).getCellByPosition(0, 0).CellAddress
        self.documents[path].Sheets.getByName(sheet).moveRange(
            target, self.cells(path, sheet, address).RangeAddress
        )

    def rename_sheet(self, path, sheet, name):
        self.documents[path].Sheets.getByName(sheet).Name = name

    def protect(self, path, sheet):
        self.documents[path].Sheets.getByName(sheet).protect("")

    def unprotect(self, path, sheet):
        self.documents[path].Sheets.getByName(sheet).unprotect("")

    def sheets(self, path):
        return self.documents[path].Sheets.ElementNames

    def is_modified(self, path):
        return self.documents[path].isModified()

    def undo_titles(self, path):
        return self.documents[path].UndoManager.AllUndoActionTitles

    def undo(self, path):
        self.documents[path].UndoManager.undo()

    def is_enabled(self, path, control):
        listener, url = Listener(), URL()
        url.Complete = "org.xlcicf.nn:" + control
        _, url = self.service("com.sun.star.util.URLTransformer").parseStrict(url)
        dispatch = self.documents[path].CurrentController.Frame.queryDispatch(url, "_self", 0)
        dispatch.addStatusListener(listener, url)
        dispatch.removeStatusListener(listener, url)
        return listener.enabled

    # --- by the mouse

    def click(self, path, label):
        """Clicks a button of a box or a toolbar; says whether there is one to be clicked."""
        window = self.documents[path].CurrentController.Frame.ContainerWindow
        parts = (part for top in [*self._boxes(), window.AccessibleContext] for part in _below(top))
        for part in parts:
            if part.AccessibleRole == BUTTON and part.AccessibleName == label and part.getSize().Width:
                self._click_on(part)
                return True
        return False

    def _click_on(self, part):
        at, size = part.getLocationOnScreen(), part.getSize()
        self.hands("mousemove", str(at.X + size.Width // 2), str(at.Y + size.Height // 2))
        self.hands("click", "1")

    # --- boxes

    def has_box(self):
        return any(True for _ in self._boxes())

    def box(self):
        """[texts, buttons] of the box that is shown, or null."""
        for window in self._boxes():
            parts = list(_below(window))
            texts = [p.AccessibleName for p in parts if p.AccessibleRole == STATIC and p.AccessibleName]
            return [texts, [p.AccessibleName for p in parts if p.AccessibleRole == BUTTON]]
        return None

    def answer(self, button):
        for window in self._boxes():
            for part in _below(window):
                if part.AccessibleRole == BUTTON and part.AccessibleName == button:
                    part.doAccessibleAction(0)
                    return True
        return False

    def _boxes(self):
        for i in range(self.toolkit.TopWindowCount):
            window = self.toolkit.getTopWindow(i)  # it may have been closed by now
            accessible = window.AccessibleContext if window is not None else None
            if accessible is not None and accessible.AccessibleRole in BOXES:
                yield accessible


import unohelper  # noqa: E402
from com.sun.star.accessibility.AccessibleRole import ALERT, DIALOG, STATIC  # noqa: E402
from com.sun.star.accessibility.AccessibleRole import PUSH_BUTTON as BUTTON  # noqa: E402
from com.sun.star.frame import XStatusListener  # noqa: E402

BOXES = (ALERT, DIALOG)


class Listener(unohelper.Base, XStatusListener):
    enabled = None

    def statusChanged(self, event):
        self.enabled = event.IsEnabled

    def disposing(self, _event):
        pass


def _below(accessible, depth=0):
    yield accessible
    if depth < 6:
        for i in range(min(accessible.AccessibleChildCount, 50)):
            yield from _below(accessible.getAccessibleChild(i).AccessibleContext, depth + 1)


def main(profile):
    os.setsid()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        office = Pressing(profile)
        for line in sys.stdin:
            what, arguments = json.loads(line)
            try:
                said = [True, getattr(office, what)(*arguments)]
            except Exception:
                said = [False, traceback.format_exc()]
            out.write(json.dumps(said) + "\n")
            out.flush()
    except Exception:
        traceback.print_exc()
    finally:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
