"""LibreOffice as a host, and the agent that runs inside it."""
