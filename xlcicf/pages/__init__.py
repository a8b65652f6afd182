"""What xlcicf adds to a person's own book: the model card, and the sheet with settings and charts."""
