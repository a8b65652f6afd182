"""Standard input and output as the pipes to an agent; whatever else is printed goes to standard error."""

import os
import sys

from xlcicf.host.remote.link import Link


def agents_pipes() -> Link:
    """The agent that has started this process. Standard output is its own from now on."""
    said = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return Link(sys.stdin.buffer, said)
