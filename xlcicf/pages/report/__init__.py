"""The reports of a solved problem: what they say, as text, as JSON, as a sheet, and in pictures."""
