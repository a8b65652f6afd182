"""What runs inside LibreOffice, in its own Python (3.8 and later): the standard library and uno alone.

The extension carries these files as the package xlcicf_agent; they import each other by that name.
"""
