"""What data are, without drawing from them or calling the user's code."""
