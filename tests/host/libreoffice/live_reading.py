"""Asks the agent's reading half about documents that are open in LibreOffice. Run by tests.libreoffice.ask."""

import importlib.util
import sys
from pathlib import Path

from uno_office import opened

AGENT = Path(__file__).parents[3] / "xlcicf" / "host" / "libreoffice" / "agent"


def agent(module):
    """One of the agent's modules, under the name that the extension gives their package."""
    if "xlcicf_agent" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "xlcicf_agent", AGENT / "__init__.py", submodule_search_locations=[str(AGENT)]
        )
        sys.modules["xlcicf_agent"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["xlcicf_agent"])
    return importlib.import_module("xlcicf_agent." + module)


def answer(context, url):
    reading = agent("reading")
    document = opened(context, url, ReadOnly=True)
    grammar = reading.grammar_of(document, {})
    return reading.snapshot(document, grammar, None)
