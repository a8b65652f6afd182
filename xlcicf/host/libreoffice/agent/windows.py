"""The person in front of a document: what they see and answer, all in LibreOffice's main thread."""

# pyright: reportMissingImports=false

import uno
from xlcicf_agent.processes import on_main

BUTTONS = {"ok": 1, "ok_cancel": 2, "yes_no": 3, "yes_no_cancel": 4}  # com.sun.star.awt.MessageBoxButtons
ANSWERS = {0: "cancel", 1: "ok", 2: "yes", 3: "no"}  # com.sun.star.awt.MessageBoxResults


class Windows:
    """Boxes and status bars."""

    def __init__(self, context):
        self._context, self._indicators = context, {}

    def status(self, document, text):
        """A text in the status bar of a document; None for LibreOffice's own."""
        controller = document.CurrentController
        if controller is None:
            return

        def show():
            shown = self._indicators.get(document.RuntimeUID)
            if not text:
                if shown is not None:
                    self._indicators.pop(document.RuntimeUID).end()
            elif shown is not None:
                shown.setText(text)
            else:
                shown = self._indicators[document.RuntimeUID] = controller.Frame.createStatusIndicator()
                shown.start(text, 100)

        on_main(self._context, show)

    def forget(self, id):
        """A document that is gone has no status bar."""
        self._indicators.pop(id, None)

    def ask(self, document, text, title, buttons, is_bad):
        """The button that the person presses in a box."""
        frame = document.CurrentController.Frame
        kind = "ERRORBOX" if is_bad else "QUERYBOX" if buttons.startswith("yes") else "INFOBOX"
        if buttons == "yes_no_cancel":
            kind = "QUERYBOX"

        def show():
            window = frame.ContainerWindow
            type_of_box = uno.Enum("com.sun.star.awt.MessageBoxType", kind)
            box = window.Toolkit.createMessageBox(window, type_of_box, BUTTONS[buttons], title, text)
            try:
                return ANSWERS[box.execute()]
            finally:
                box.dispose()

        return on_main(self._context, show)
