"""LibreOffice Calc, with the agent of the extension inside it."""

from xlcicf.host.remote.host import Remote

LIBREOFFICE = Remote("LibreOffice", longest_name=8192)
