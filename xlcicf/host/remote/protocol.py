"""What xlcicf and an agent inside a running spreadsheet say to each other.

Lines of JSON over two pipes; numbers are written as Python writes them and so exact. Nothing here is of one
program: whatever a program calls things, and however it writes formulas, its agent translates.

The agent starts a process of xlcicf and ends it by closing the process's standard input. It says

    {"do": "press", "control": NAME, "text": TEXT, "book": ID}   a control of the ribbon was pressed
    {"do": "look", "book": ID}                 a book came to the front, or its selection moved
    {"do": "call", "function": NAME, "book": ID, "arguments": [...]}   a cell wants a function's result

the last one to a process that does nothing else. A process asks for an operation of the table below with

    {"id": NUMBER, "operation": NAME, "arguments": [...]}

and is answered {"to": NUMBER, "result": ...} or {"to": NUMBER, "refused": SENTENCE, "busy": true or false};
busy means that the same operation may be asked again soon. Operations are carried out in the order in which
they come, but for `ask`, during which others go on. A function's result goes out as {"result": ROWS}.

What the operations are handed and return:

    ID        of an open book, a text that the agent chose
    sheet     a sheet's name
    area      [top, left, bottom, right], counted from 1
    cell      a number, text, true, false, null for a blank, or [text] for an error value: ["#N/A"]
    formula   text with its leading "=" in the grammar of .xlsx files: English, commas, Sheet!A1, functions
              newer than Excel 2007 with "_xlfn." before their name. null in a cell that has none
    rows      a list of rows, each a list
    box       [left, top, width, height] in points, from the sheet's corner

A cell that a call of a function hands over by reference is {"sheet": NAME, "area": area}; a date is a number.
"""

OPERATIONS = {
    # --- which books are open, and what is in front
    "books": "() -> [[[ID, name, path or web address, '' where never saved], ...], ID in front or null]",
    "open": "(path) -> ID; in a window of its own",
    "save": "(ID, path or null); as an .xlsx file, where the book is or under another name",
    "close": "(ID); what is not saved is lost",
    "sheets": "(ID) -> [[[name, is visible], ...], name of the one in front]",
    "activate": "(ID, sheet); brings it to the front of its book",
    "selection": "(ID) -> [sheet, [area, ...]], as they were selected; null where no cells are selected",
    "select": "(ID, sheet, area)",
    # --- read
    "snapshot": "(ID, known or null, waiting or null, anew) -> the whole book, see SNAPSHOT",
    "outline": "(ID, anew) -> the same without any cell",
    "used": "(ID, sheet) -> area of the cells that hold something; [1, 1, 1, 1] where none does",
    "read": "(ID, [[sheet, area], ...]) -> of each area what its cells hold, see READ",
    "formulas": "(ID, sheet, area) -> rows of what the formula bar has: a formula, else the value as typed",
    "numbers": "(ID, [[sheet, area], ...]) -> of each area rows of numbers; null where there is none",
    "watch": "(ID, name, [[sheet, area], ...]); remembers what the formula bar has, in place of that name's",
    "changes": "(ID, name) -> [[sheet, row, column, what it had, what it has], ...] of what was changed",
    "note": "(ID, name, areas, own, results); in place of that name's, see NOTE",
    "unchanged": "(ID, name) -> of each own area rows of cells; null where all else is not as it was noted",
    # --- changed; those of one step are one entry of the program's own Undo
    "begin": "(ID, title); what is changed from now on is one step of that title",
    "end": "(ID)",
    "write": "(ID, sheet, area, rows of cells, watch or null) -> is it written; see WRITE",
    "write_array": "(ID, sheet, area, formula); one array formula for all these cells",
    "calculate": "(ID, anew); the formulas whose results are out of date, or every one, whatever is shown",
    "define": "(ID, sheet or null for the whole book, name, what it refers to without '=', is hidden)",
    "add_sheet": "(ID, name, name of the sheet that it stands behind)",
    "remove_sheet": "(ID, name); without a question",
    "dress": "(ID, sheet, area, {property: value}); see LOOKS",
    "look": "(ID, sheet, area, property) -> its value; null where cells differ",
    "fit_rows": "(ID, sheet, first, last); as high as their texts need",
    "charts": "(ID, sheet) -> [[name, box], ...]",
    "add_chart": "(ID, sheet, {name, type, title, box, data: area, dots}); type as xlwings names it",
    "set_chart": "(ID, sheet, name, {property: value}) of the same properties",
    "pictures": "(ID, sheet) -> [[name, box], ...]",
    "add_picture": "(ID, sheet, name, box, PNG in base64); in place of one of that name",
    "rename_picture": "(ID, sheet, name, another name)",
    "place_of": "(ID, sheet, area) -> box",
    # --- the person in front of it
    "status": "(ID, text or null for the program's own)",
    "ask": "(ID, text, title, 'ok' | 'ok_cancel' | 'yes_no' | 'yes_no_cancel', is bad news) -> 'ok', ...",
    "controls": "(ID, {control: can be pressed}, {control: text in its box})",
}

SNAPSHOT = """
{"sheets": [sheet, ...] in the book's order, "names": [[name, sheet or null, what it refers to without "=", is
hidden], ...], "tables": [[name, sheet, area, [header, ...], header rows, totals rows, is filtered], ...],
"calculation": {"automatic": bool, "as_displayed": bool, "iterates": bool, "date1904": bool}}

Each sheet is {"name": ..., "area": area of the used cells, "values": rows of cells, formulas' results among
them, "formulas": rows, null for a cell without one; of an array formula only its first cell has it, "arrays":
[area, ...], "hidden": [row, ...] by hand or by a filter, "filtered": [area, ...], "print": a text that is
another one when any formula, array, hidden row or the area of the sheet is, "told": a number of its values}.
Where `known` is {sheet's name: [print, told]} and the print is still that one, the sheet has no "formulas",
"arrays", "hidden" and "filtered"; where these were the last values told of it, it may have "others", not
"values": [[which row, cells], ...] of the rows that have become others. A function is told all values, and no
number.

"computed" is true where formulas have results. A function whose cell waits for it hands over `waiting`,
{sheet's name: [area, ...]}, no two of which overlap: formulas there are not computed now, their results are
null. Where any print is not the one known, no formula is computed, and "computed" is false.

A program may compute a cell in the middle of a change that it tells of later: what a function asks for first
is read `anew`, whatever the agent has kept from before.
"""

NOTE = """
Areas are [[sheet, area], ...]. Noted are formulas and constants of `areas`, results of formulas in `results`,
and whatever else decides what formulas mean: names, tables, sheets' names, hidden rows, how the book
calculates. Only constants of `own` may change. No cell of the areas may wait for the function that asks.
"""

READ = """
{"values": rows of cells, "formulas": rows, of an array formula each cell has it, "arrays": rows of true and
false, whether the cell belongs to an array formula, or null where none does, "dates": rows of true and false,
whether the number is shown as a date, or null where none is}
"""

WRITE = """
A formula is {"formula": formula}. With a watch's name nothing is written where any of its cells was changed;
what is written counts as no change.
"""

# What `dress` and `look` know: as xlwings names them, with its values.
LOOKS = {
    "number_format": "such as '0.00', in English",
    "color": "[red, green, blue] or null for none",
    "horizontal_alignment": "'left', 'center', 'right' or 'general'",
    "vertical_alignment": "'top', 'center' or 'bottom'",
    "wrap_text": "true or false",
    "column_width": "characters of the book's usual font",
    "font.bold": "true or false",
    "font.italic": "true or false",
    "font.size": "points",
    "font.name": "such as 'Calibri'",
    "font.color": "[red, green, blue]",
}
