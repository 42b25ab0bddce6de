"""What runs where and when: the command line, the embedded server, deployments, automations."""
