"""The words that several rooms share: each is said once, here."""

TAB = "Neural Net"  # the ribbon's tab, the head of what is told a person, and our sheet in a person's book
