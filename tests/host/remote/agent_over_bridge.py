"""The agent's operations on a LibreOffice beside this process, which stands in for the one that they run in.

    python3 agent_over_bridge.py PROFILE_URI

for a Python that has LibreOffice's `uno`. It speaks the protocol of xlcicf.host.remote.protocol over standard input
and output, as the agent does with a process of xlcicf.
"""

import importlib.util
import json
import os
import signal
import sys
import traceback
import types
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from uno_office import office

AGENT = Path(__file__).parents[3] / "xlcicf" / "host" / "libreoffice" / "agent"


def operations(context):
    """The agent's, with no functions of the extension."""
    spec = importlib.util.spec_from_file_location(
        "xlcicf_agent", AGENT / "__init__.py", submodule_search_locations=[str(AGENT)]
    )
    sys.modules["xlcicf_agent"] = package = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    settings = types.ModuleType("xlcicf_agent.settings")
    settings.FUNCTIONS, settings.SERVICE, settings.SETTINGS = {}, "org.xlcicf.AddIn", {}
    sys.modules["xlcicf_agent.settings"] = settings
    return importlib.import_module("xlcicf_agent.operations").Operations(context)


def main(profile):
    os.setsid()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        asked_of = operations(office(profile))
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                reply = {"result": asked_of.do(asked["operation"], asked["arguments"])}
            except Exception as error:
                reply = {"refused": getattr(error, "Message", "") or str(error), "busy": False}
            out.write(json.dumps({"to": asked["id"], **reply}) + "\n")
            out.flush()
    except Exception:
        traceback.print_exc()  # before the end of this process, too
    finally:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
