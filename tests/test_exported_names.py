"""What each package exports is a promise: it changes here first."""

from importlib import import_module

import pytest

EXPORTED = {
    "leadmoves.api": {"PAGE", "Before", "Instantly", "JobQuery", "Page"},
    "leadmoves.ledger": {"Intent", "Kind", "Ledger", "Row", "State", "key_of"},
    "leadmoves.plan": {
        "Expect",
        "Move",
        "MoveRequest",
        "OnSuccess",
        "Plan",
        "WarmupRequest",
        "Where",
        "check_plan",
        "move",
        "parse_plan",
        "read_plan",
    },
    "leadmoves.submit": {"Submitter"},
    "leadmoves.watch": {"Seen", "Wait", "Watch"},
    "sandbox": {
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
    },
}


@pytest.mark.parametrize("package", EXPORTED)
def test_a_package_exports_exactly_what_it_promises(package: str) -> None:
    module = import_module(package)

    assert set(module.__all__) == EXPORTED[package]
    assert all(hasattr(module, name) for name in module.__all__)
