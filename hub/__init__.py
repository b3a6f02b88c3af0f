"""Publishing to the Hub: a dataset repo of Hugging Face that follows the gallery.

What is wanted there stands in a table that a trigger of the database writes with each change of a
clip's state (models.py, copies.py); one thread brings the Hub in step with it (keeper.py).
"""
