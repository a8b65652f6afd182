"""What LibreOffice loads first: the extension's classes by the names that xlcicf.components gives them."""

# pyright: reportMissingImports=false

import importlib.util

import unohelper
from xlcicf_agent import functions
from xlcicf_agent.settings import SERVICE

g_ImplementationHelper = unohelper.ImplementationHelper()  # so named for LibreOffice's loader
_add = g_ImplementationHelper.addImplementation
_add(functions.AddIn, SERVICE, (SERVICE, "com.sun.star.sheet.AddIn"))

if importlib.util.find_spec("xlcicf_agent.buttons"):
    from xlcicf_agent import buttons

    _add(buttons.Dispatch, "org.xlcicf.Dispatch", ("com.sun.star.frame.ProtocolHandler",))
    _add(buttons.Watcher, "org.xlcicf.Watcher", ("com.sun.star.task.Job",))
