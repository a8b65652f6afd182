"""Numbers only: data and its preparation, layers and nets of the lessons. Knows no sheets."""
