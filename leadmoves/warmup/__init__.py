"""Enable warmup, and tell which accounts do not warm up."""
