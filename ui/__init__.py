"""The Gradio tabs and their browser side. Every action is a function handed in.

Knows nothing of torch or SQL. Nothing here decides who may do what, and no event returns media.
"""
