"""Prefect's API in a process of its own, on a socket that its parent handed down, until the parent is gone.

Run as a script, not imported: the parent starts it before it has imported Prefect's flows, and both go on side by
side. Its stdin ends when the parent closes it, or is killed: whatever happens, no server is left behind.
"""

import os
import socket
import sys
from threading import Thread

import uvicorn
from prefect.server.api.server import create_app

# Seconds that open requests get at the end; our own are over by then.
GRACE = 3


def serve(listening: int) -> None:
    """Answer on the socket of this file descriptor."""
    app = create_app(ephemeral=True, final=True)
    config = uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=GRACE)
    server = uvicorn.Server(config)
    Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[socket.socket(fileno=listening)])
    os._exit(0)  # all is written; Prefect takes a second to be torn down


def _end_with_parent(server: uvicorn.Server) -> None:
    os.read(sys.stdin.fileno(), 1)  # its lock is not held at exit, as that of a buffer would be
    server.should_exit = True


if __name__ == "__main__":
    serve(int(sys.argv[1]))
