"""What xlcicf.addin.oxt has written down for the agent: where Python is, which functions there are."""

import json
import os

SERVICE = "org.xlcicf.AddIn"


def _settings():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(os.path.join(root, "settings.json"), encoding="utf-8") as file:
        return json.load(file)


SETTINGS = _settings()
FUNCTIONS = SETTINGS["functions"]
