"""What a person touches: functions in cells, the controls and their commands, training beside the program."""

ADDIN = "xlcicf.xlam"
