"""What is compared across dataflows: the roles of sets, and the values of those with a role."""
