"""The language server: what `agraph.editing` knows, over LSP.

Only the files of this package know the protocol, and how it counts characters.
"""

import logging
import os
import sys


def serve() -> None:
    """Serve one editor over standard input and output until it says goodbye."""
    from agraph.lsp.features import new_server, was_refused

    # A request that is refused is answered with the reason; its traceback would be noise in the editor's log.
    logging.getLogger("pygls.protocol.json_rpc").addFilter(lambda record: not was_refused(record))

    # The server closes its streams when it ends, and ours are still flushed then.
    reading = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    writing = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    new_server().start_io(reading, writing)
