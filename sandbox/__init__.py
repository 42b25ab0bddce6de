"""A local Instantly with faults by switch, written from the vendor's description alone.

sandbox = create(leads=1_000, seed=7)
async with httpx.AsyncClient(transport=sandbox.transport(), base_url="http://sandbox") as client: …
with running(sandbox) as url: …
sandbox.faults.add(Fault(kind="lose-answer", path="/api/v2/leads/move"))
"""

from sandbox.app import Sandbox, Settings, create
from sandbox.faults import Fault
from sandbox.jobs import Script
from sandbox.leads import Lead
from sandbox.seeded import seeded
from sandbox.serve import listening, running, serve
from sandbox.workspace import Workspace

__all__ = [
    "Fault",
    "Lead",
    "Sandbox",
    "Script",
    "Settings",
    "Workspace",
    "create",
    "listening",
    "running",
    "seeded",
    "serve",
]
