"""Commands for those who develop Keras-Prov."""
