"""What is installed in a program, as a sentence; loaded without the program's own libraries."""

from dataclasses import dataclass

IDENTIFIER = "org.xlcicf"  # of the extension for LibreOffice
EXTENSION = "xlcicf.oxt"
TOOLBAR = "org.xlcicf.toolbar"
SETTINGS = "settings.json"  # in it: what it knows of its Python


@dataclass(frozen=True)
class Status:
    """Whether the add-in is installed and fits this Python, in a sentence."""

    installed: bool
    fine: bool
    sentence: str
