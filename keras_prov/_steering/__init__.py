"""A running training is changed as somebody has asked, between two of its steps."""
