"""Changing Keras in place, and putting it back exactly."""
