"""Zenoh with trace context: what travels in attachments, spans around it, sessions from the environment.

The encoding is in `oaas_dataplane.zenoh.attachment`.
"""

from oaas_dataplane.zenoh.bus import Bus, Failure, Unanswered
from oaas_dataplane.zenoh.session import connect, listen

__all__ = ["Bus", "Failure", "Unanswered", "connect", "listen"]
