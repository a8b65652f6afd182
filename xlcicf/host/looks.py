"""The look of cells on every engine of ours: formats, colours and letters."""

from typing import Any

from xlwings import base_classes

from xlcicf.host.refusal import refusing


def a_look(name: str, doc: str) -> Any:
    """A property of cells' look, read from their formats and set by new ones; None where cells differ."""
    return property(
        lambda cells: cells.look(name), lambda cells, value: cells.give_look(name, value), doc=doc
    )


class Looks:
    """To be derived from by a Range."""

    def look(self, name: str) -> Any:
        """What the cells have of a property, None where they differ."""
        raise NotImplementedError

    def give_look(self, name: str, value: Any) -> None:
        """Gives all cells that property."""
        raise NotImplementedError

    number_format = a_look("number_format", 'The number format, such as "0.00".')
    color = a_look("color", "The fill: (red, green, blue), or None for none.")
    horizontal_alignment = a_look("horizontal_alignment", 'Where text stands: "left", "center", ...')
    vertical_alignment = a_look("vertical_alignment", 'Where text stands: "top", "center", "bottom", ...')
    wrap_text = a_look("wrap_text", "Whether text breaks into lines; the row keeps its height.")

    @property
    def font(self) -> "Font":
        return Font(self)


@refusing
class Font(base_classes.Font):
    """The font of a range. Each property reads None where cells differ."""

    def __init__(self, cells: Looks):
        self.cells = cells

    @property
    def api(self) -> "Font":
        return self

    def look(self, name: str):
        return self.cells.look("font." + name)

    def give_look(self, name: str, value) -> None:
        self.cells.give_look("font." + name, value)

    bold = a_look("bold", "Whether the letters are bold.")
    italic = a_look("italic", "Whether the letters are italic.")
    size = a_look("size", "Points.")
    name = a_look("name", 'The font\'s name, such as "Calibri".')
    color = a_look("color", "(red, green, blue); black where the file leaves it to the program.")
