"""Move leads in Instantly.ai once, watch the job to its end, tell the outcome truthfully.

Plain Python: nothing here knows of Prefect.
"""
