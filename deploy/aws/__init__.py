"""Coinloom on AWS: `template.yaml` makes it, `costs.py` says what that costs. docs/aws.md goes through both."""
