"""Files by content: trained models, checkpoints, and where they are stored."""
