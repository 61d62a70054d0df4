"""Basics that everything else uses: files, forks, trust in folders, texts for people."""
