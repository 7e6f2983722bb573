"""`./shop new-service NAME`: a service in the shape of the others, and its line in every table that has one.

The whole is made in a copy of the project and comes here when it is complete: what fails leaves nothing behind.
"""
