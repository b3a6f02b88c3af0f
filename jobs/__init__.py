"""The durable jobs, `make_clip` and `publish_clip`, and the queue that carries them.

Knows nothing of pages or Gradio.
"""

from jobs.queue import Jobs

__all__ = ["Jobs"]
