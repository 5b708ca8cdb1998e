"""The text of the language: the Lark grammar and its reference."""
