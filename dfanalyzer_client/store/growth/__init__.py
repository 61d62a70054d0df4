"""Sets that grow while they are read, and links between tasks that arrive out of order."""
