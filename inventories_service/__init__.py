"""Keeps the stock: how many pieces of each product are there, and every movement of them."""
