"""Model providers, one adapter a file."""
