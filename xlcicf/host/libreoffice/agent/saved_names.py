"""A book saved as .xlsx has the functions by their own names, not by those that LibreOffice 7 writes.

Those, ORG.XLCICF.ADDIN.NNRELU and the like, no other program knows. The file is put right as soon as it is
saved, by xlcicf.addin.saved_names in a process of its own; what is shown and the next save need none of it.
"""

# pyright: reportMissingImports=false

import subprocess
import threading
import zipfile

import uno
import unohelper
from com.sun.star.lang import XServiceInfo
from com.sun.star.task import XJob
from xlcicf_agent.processes import apart, environment, sentence_of
from xlcicf_agent.settings import SERVICE, SETTINGS
from xlcicf_agent.windows import Windows

NAMER, NAME = "org.xlcicf.Namer", "xlcicf"
SECONDS = 60  # that it may take; LibreOffice waits, so that no second save comes in between
WRITTEN = (SERVICE.upper() + ".").encode()
ENDINGS = (".xlsx", ".xlsm")


class Namer(unohelper.Base, XJob, XServiceInfo):
    """Hears of documents that have been saved."""

    def __init__(self, context, *_arguments):
        self.context = context

    def execute(self, arguments):
        told = {part.Name: part.Value for part in arguments}
        document = next((p.Value for p in told.get("Environment", ()) if p.Name == "Model"), None)
        url = getattr(document, "URL", "")
        if url.startswith("file:") and url.lower().endswith(ENDINGS):
            self._put_right(document, uno.fileUrlToSystemPath(url))

    def _put_right(self, document, path):
        try:
            if not has_names_of_libreoffice(path):
                return
            command = [SETTINGS["python"], "-P", "-m", "xlcicf.addin.saved_names", path]
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                env=environment(),
                **apart(),
            )
            trouble = done.stderr.decode("utf-8", "replace").strip() if done.returncode else ""
        except Exception as error:
            trouble = sentence_of(error)
        if trouble:
            said = f"{document.Title} is saved, but {trouble}"
            # in a thread, since this one may be the one in which boxes are shown
            threading.Thread(
                target=Windows(self.context).ask, args=(document, said, NAME, "ok", True)
            ).start()

    def getImplementationName(self):
        return NAMER

    def supportsService(self, name):
        return name in self.getSupportedServiceNames()

    def getSupportedServiceNames(self):
        return ("com.sun.star.task.Job",)


def has_names_of_libreoffice(path):
    """Whether a formula in an .xlsx file has one."""
    with zipfile.ZipFile(path) as package:
        return any(WRITTEN in package.read(name) for name in package.namelist() if name.endswith(".xml"))
