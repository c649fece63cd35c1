"""What a trained model becomes: files that are served where no Python is."""
