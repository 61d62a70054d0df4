"""One fit() from Keras' side, watched."""
