"""What the user asked to be captured."""
