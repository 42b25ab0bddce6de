"""The commands of the command line, one a file; `deployments.__main__` imports each only when it is called."""
