"""What it takes to run Coinloom elsewhere than on one machine: for AWS in `aws/`."""
