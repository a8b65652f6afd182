"""What a block of a workbook looks like: lesson books are made of these."""
