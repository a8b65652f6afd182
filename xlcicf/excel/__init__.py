"""What a person touches in Excel: functions in cells, the ribbon and its commands, training beside Excel."""

TAB = "Neural Net"  # of the ribbon, and over what it tells a person
ADDIN = "xlcicf.xlam"
