"""What everything else stands on: files, forks, trust in folders, and texts for people."""
