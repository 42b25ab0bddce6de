"""A Prefect server for a run by hand: the configured one, else Prefect's embedded server.

Prefect starts its embedded server as a child process and stops it at exit; killed with SIGKILL it would leave
it behind, 230 MB each time. So the child is kept on a leash: a tiny process that ends it when we are gone.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from leadmoves.errors import InvalidInput, LeadMoveError, Problem

# Seconds that the server may take to answer: 11 on a fresh home, several times that on a busy machine.
START = 120
# Seconds that the last logs and events of a run may take to reach the server.
HAND_OVER = 10.0
# Reads until our end of the pipe is closed, by us or by our death, then ends the server.
LEASH = """
import os, signal, sys
sys.stdin.read()
try:
    os.kill(int(sys.argv[1]), signal.SIGTERM)
except ProcessLookupError:
    pass
"""


def quiet(*, verbose: bool) -> None:
    """Keep Prefect's log off the terminal; it still goes to the server. Call before Prefect is imported."""
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")


@contextmanager
def prefect_server() -> Iterator[bool]:
    """A Prefect API for the runs inside; yields whether it has a UI.

    Raises:
        InvalidInput: PREFECT_API_URL is set and nobody answers there.
        LeadMoveError: the embedded server does not start.

    """
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415 - 0.8 s of import

    if url := PREFECT_API_URL.value():
        _answers(url)
        with _handed_over():
            yield True
        return
    with _embedded() as url, temporary_settings({PREFECT_API_URL: url}), _handed_over():
        yield False


@contextmanager
def _embedded() -> Iterator[str]:
    """Prefect's embedded server, on a leash from its first moment; its URL."""
    from prefect.server.api.server import SubprocessASGIServer  # noqa: PLC0415 - as above

    leashes = []

    class Leashed(SubprocessASGIServer):
        def _run_uvicorn_command(self) -> "subprocess.Popen[bytes]":
            process = super()._run_uvicorn_command()
            leashes.append(_leash(process.pid))
            return process

    server = Leashed()
    try:
        _begin(server)
        yield server.api_url
    finally:
        server.stop()
        for leash in leashes:
            leash.kill()  # before its pipe closes: the server's process number may be another's by now
            leash.communicate()


def _begin(server: Any) -> None:
    try:
        server.start(timeout=START)
    except RuntimeError as error:
        said = f"Prefect's embedded server did not answer within {START} s; nothing was sent"
        raise LeadMoveError(said) from error


@contextmanager
def _handed_over() -> Iterator[None]:
    """At the end the server has the logs and events that still wait in this process."""
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - as above
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415 - as above

    try:
        yield
    finally:
        for worker in (APILogWorker, EventsWorker):
            worker.drain_all(timeout=HAND_OVER)


def _leash(pid: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-S", "-c", LEASH, str(pid)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own words


def _answers(url: str) -> None:
    import httpx  # noqa: PLC0415 - as above

    try:
        httpx.get(f"{url}/health", timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        said = f"no Prefect server answers at {url} ({type(error).__name__}); start it, or unset it"
        raise InvalidInput(Problem("PREFECT_API_URL", said)) from None
