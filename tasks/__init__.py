"""One Prefect task a verb. None is retried and none is cached: the ledger is the memory."""
