"""A Prefect server for a run by hand: the configured one, else Prefect's embedded server."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import httpx

from leadmoves.errors import InvalidInput, LeadMoveError, Problem

SERVER = Path(__file__).with_name("prefect_api.py")
# The last line of a traceback.
RAISED = re.compile(r"^[\w.]+(?:Error|Exception): .*$", re.MULTILINE)
# Seconds that the server may take to answer: 11 on a fresh home, several times that on a busy machine.
START = 120.0
# Seconds that the last logs and events of a run may take to reach the server.
HAND_OVER = 10.0
# Seconds that the server may take to end; it gives its open requests three.
STOP = 8.0


def quiet(*, verbose: bool) -> None:
    """Keep Prefect's log off the terminal; it still goes to the server. Call before Prefect is imported."""
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")


@contextmanager
def prefect_server(meanwhile: Callable[[], object]) -> Iterator[bool]:
    """A Prefect API for the runs inside; yields whether it has a UI.

    Args:
        meanwhile: what is to be done while the embedded server starts, such as importing what runs inside.

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
    with _embedded(meanwhile) as url, temporary_settings({PREFECT_API_URL: url}), _handed_over():
        yield False


@contextmanager
def _embedded(meanwhile: Callable[[], object]) -> Iterator[str]:
    """Prefect's embedded server; its URL. Ctrl-C is ours alone: what it interrupts is still written down."""
    with TemporaryFile() as said:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
            server = _start(listening.fileno(), said)
        try:
            meanwhile()
            _wait_for(url, said)
            yield url
        finally:
            _end(server)


def _start(listening: int, said: IO[bytes]) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", str(SERVER), str(listening)]
    return subprocess.Popen(  # noqa: S603 - our own words
        command, stdin=subprocess.PIPE, stdout=said, stderr=said, pass_fds=[listening], start_new_session=True
    )


def _wait_for(url: str, said: IO[bytes]) -> None:
    """One request, answered as soon as the server can; refused at once where its process has ended."""
    try:
        httpx.get(f"{url}/health", timeout=START).raise_for_status()
    except httpx.HTTPError as error:
        said.seek(0)
        why = RAISED.findall(said.read().decode(errors="replace"))
        reason = why[-1] if why else type(error).__name__
        raise LeadMoveError(f"Prefect's embedded server did not start: {reason}; nothing was sent") from error


def _end(server: "subprocess.Popen[bytes]") -> None:
    try:
        server.communicate(timeout=STOP)
    except subprocess.TimeoutExpired:
        server.kill()
        server.communicate()


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


def _answers(url: str) -> None:
    try:
        httpx.get(f"{url}/health", timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        said = f"no Prefect server answers at {url} ({type(error).__name__}); start it, or unset it"
        raise InvalidInput(Problem("PREFECT_API_URL", said)) from None
