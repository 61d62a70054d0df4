"""What patches remember because Keras forgets it, in weak tables."""
