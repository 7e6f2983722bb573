"""Creates every topic of the language, then ends."""
