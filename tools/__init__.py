"""Commands for developers of Keras-Prov."""
