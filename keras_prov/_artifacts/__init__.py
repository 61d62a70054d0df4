"""Files by their content: trained models, checkpoints, and where they are kept."""
