"""What LibreOffice loads first: the extension's classes by the names that xlcicf.components gives them."""

# pyright: reportMissingImports=false

import unohelper
from xlcicf_agent import buttons, functions, saved_names
from xlcicf_agent.settings import SERVICE

g_ImplementationHelper = unohelper.ImplementationHelper()  # so named for LibreOffice's loader

for _class, _name, _services in (
    (functions.AddIn, SERVICE, (SERVICE, "com.sun.star.sheet.AddIn")),
    (buttons.Dispatch, buttons.HANDLER, ("com.sun.star.frame.ProtocolHandler",)),
    (buttons.Watcher, buttons.WATCHER, ("com.sun.star.task.Job",)),
    (saved_names.Namer, saved_names.NAMER, ("com.sun.star.task.Job",)),
):
    g_ImplementationHelper.addImplementation(_class, _name, _services)
