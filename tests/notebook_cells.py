"""Runs a notebook's code cells one after the other in IPython, as Jupyter does, and prints what each shows.

    python -m tests.notebook_cells NOTEBOOK

A JSON list, a cell each: {"id", "text", "value", "pictures", "error"}. `value` is the last expression as HTML
or as text, `pictures` what was displayed before it, each as it stands at the end.
"""

import json
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def run(notebook: Path) -> list[dict]:
    shell = InteractiveShell.instance()
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [_run(shell, cell) for cell in cells if cell["cell_type"] == "code"]


def _run(shell: InteractiveShell, cell: dict) -> dict:
    with capture_output() as shown:
        result = shell.run_cell("".join(cell["source"]), store_history=True)
    pictures: dict[str, str] = {}
    for output in shown.outputs:
        pictures[output.transient.get("display_id", str(len(pictures)))] = output.data.get("text/html", "")
    error = result.error_before_exec or result.error_in_exec
    forms, _ = shell.display_formatter.format(result.result)
    value = "" if result.result is None else forms.get("text/html", forms["text/plain"])
    return {
        "id": cell["id"],
        "text": shown.stdout,
        "value": value,
        "pictures": list(pictures.values()),
        "error": repr(error) if error else None,
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
