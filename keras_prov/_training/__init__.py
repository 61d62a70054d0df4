"""One `fit()`, watched from Keras' side."""
