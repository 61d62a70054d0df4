"""Who may read and write: accounts, and rights that outlive a view that is created anew."""
