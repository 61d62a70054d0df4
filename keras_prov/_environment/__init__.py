"""What a training runs in: packages, devices, the repository, the system's load."""
