"""Importing this module loads the functions in the background, so that the first cell with one does not wait.

The add-in asks xlwings' server for it when Excel starts. A cell that comes sooner waits for the rest.
"""

from importlib import import_module
from threading import Thread

Thread(target=import_module, args=["xlcicf.addin.udfs"], name="xlcicf functions", daemon=True).start()
