"""What `setup.py` and `make dist` need to build the distributions; not installed."""
