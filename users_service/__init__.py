"""Registers people, checks their passwords, and signs the tokens that everybody else can check."""
