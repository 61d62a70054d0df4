"""Settings: environment variables, the project's file, the store's URL, the author."""
