"""What a training runs in: packages, devices, the repository, the load of the system."""
