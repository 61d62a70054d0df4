"""What patches remember because Keras forgets it. The tables are weak."""
