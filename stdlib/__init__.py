"""The standard library: graphs and plain typed functions that import nothing of ours."""
