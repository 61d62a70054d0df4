"""Sets that grow while they are read, and links that come before their ends."""
