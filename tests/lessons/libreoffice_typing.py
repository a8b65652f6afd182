"""Types into a book that is open in LibreOffice: a script for a Python that has LibreOffice's `uno`.

    python3 libreoffice_typing.py PROFILE_URI BOOK_URI < PLAN

PLAN is JSON: {"typed": [[area, rows], ...], "read": [area, ...]}. Prints, as JSON, the areas' values after each
of `typed`, one after another.
"""

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from libreoffice_answers import LibreOffice  # noqa: E402  a script finds only its own folder
from uno_office import office, opened  # noqa: E402


def main(profile, book):
    plan, found = json.load(sys.stdin), []
    with office(profile) as context:
        program = LibreOffice(opened(context, book))
        for area, rows in plan["typed"]:
            program.write(area, rows)
            found.append([program.values(wanted) for wanted in plan["read"]])
        print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
