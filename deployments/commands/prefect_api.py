"""Prefect's API in a process of its own, on a socket that its parent handed down, until the parent is gone.

Run as a script, not imported: the parent starts it before it has imported Prefect's flows, and both go on side by
side. Its stdin ends when the parent closes it, or is killed: whatever happens, no server is left behind.
"""

import fcntl
import os
import socket
import sys
from threading import Thread

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import PREFECT_HOME

# Seconds that open requests get at the end; our own are over by then.
GRACE = 3


class Server(uvicorn.Server):
    """Starts when no other does: two that make the database of a fresh home at once would spoil it for both."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        home = PREFECT_HOME.value()
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lead-moves.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            await super().startup(sockets)


def serve(listening: int) -> None:
    """Answer on the socket of this file descriptor."""
    app = create_app(ephemeral=True, final=True)
    config = uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=GRACE)
    server = Server(config)
    Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[socket.socket(fileno=listening)])
    os._exit(0)  # all is written; Prefect takes a second to be torn down


def _end_with_parent(server: Server) -> None:
    os.read(sys.stdin.fileno(), 1)  # its lock is not held at exit, as that of a buffer would be
    server.should_exit = True


if __name__ == "__main__":
    serve(int(sys.argv[1]))
