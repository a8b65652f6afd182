"""The file itself: parts, cells, styles, drawings, and edits that lose nothing. Knows no xlwings."""
