"""`python -m sandbox --port 8400 --leads 1000`: a sandbox to try things on."""

import argparse
import sys

from sandbox.app import Sandbox, Settings, create
from sandbox.serve import serve


def run(
    host: str = "127.0.0.1", port: int = 0, leads: int = 1_000, seed: int = 0, key: str = "sandbox-key"
) -> None:
    """Serve a new sandbox until interrupted, and say on stdout what is in it."""
    sandbox = create(leads, seed, Settings(key=key, seed=seed))
    serve(sandbox, host, port, lambda url: _tell(sandbox, url))


def welcome(sandbox: Sandbox, url: str) -> str:
    """What somebody needs who wants to try it."""
    places = sorted(sandbox.workspace.places.values(), key=lambda place: place.kind, reverse=True)
    rows = [
        f"  {place.kind:8}  {place.id}  {sandbox.workspace.size(place.id):>7,}  {place.name}" for place in places
    ]
    curl = f"curl -H 'Authorization: Bearer {sandbox.settings.key}' {url}/api/v2/background-jobs"
    return "\n".join((f"A local Instantly at {url}", f"  key       {sandbox.settings.key}", *rows, "", curl, ""))


def _tell(sandbox: Sandbox, url: str) -> None:
    sys.stdout.write(welcome(sandbox, url))
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description="A local Instantly with faults by switch.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--leads", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--key", default="sandbox-key")
    run(**vars(parser.parse_args()))


if __name__ == "__main__":
    main()
