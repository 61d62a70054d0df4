"""Trainings outside `fit()`: loops that say what they do, and calls of `train_on_batch`."""
