"""xlwings without a spreadsheet program: a book is its file and the edits made to it."""
