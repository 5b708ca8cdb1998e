"""The language server: what `agraph.editing` knows, over LSP.

Only the files of this package know the protocol, and how it counts characters.
"""

import os
import sys


def serve() -> None:
    """Serve one editor over standard input and output until it says goodbye."""
    from agraph.lsp.features import new_server

    # The server closes its streams when it ends, and ours are still flushed then.
    reading = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    writing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    new_server().start_io(reading, writing)
