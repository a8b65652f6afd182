"""Asks LibreOffice, which runs VBA, what expressions of a module come to."""

from collections.abc import Iterable
from pathlib import Path

from tests import libreoffice


def answers(module: str, expressions: Iterable[str]) -> list:
    """What the expressions come to, one after the other in the same running module.

    None stands for an expression that LibreOffice gave up on.
    """
    probes = {f"Probe{number}": asked for number, asked in enumerate(expressions)}
    functions = [
        f"Public Function {name}()\n    {name} = {asked}\nEnd Function\n" for name, asked in probes.items()
    ]
    script = Path(__file__).with_name("libreoffice_basic.py")
    return libreoffice.ask(script, module="\n".join([module, *functions]), functions=[*probes])
