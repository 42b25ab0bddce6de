"""Prefect flows, thin: each reads like the sentence that describes it."""
