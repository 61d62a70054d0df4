"""What identifies data and models: hashes of their content, the same as capture stores."""
