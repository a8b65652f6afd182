"""What a person touches in Excel: functions in cells, the ribbon and its commands, training beside Excel."""

ADDIN = "xlcicf.xlam"
