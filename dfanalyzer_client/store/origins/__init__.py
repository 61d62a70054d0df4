"""Catalogues that others created: how they are recognized, and read as if they were ours."""
