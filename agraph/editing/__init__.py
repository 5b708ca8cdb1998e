"""What an editor asks of a file: pure answers in code points, without any protocol."""
