"""A workbook that another program has open, used through an agent inside that program."""
