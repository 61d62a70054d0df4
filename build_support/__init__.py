"""What `setup.py` and `make dist` need to build the distributions; it is not installed."""
