"""Takes payments and tells what became of them."""
