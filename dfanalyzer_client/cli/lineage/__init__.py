"""Commands on where something came from, and on erasing it."""
