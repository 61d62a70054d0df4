"""Values read from Keras' objects: pure functions."""
