"""Publishing: a workspace's dataset on the Hub. The only code that writes there."""

from r1data.publishing.publish import outlook, publish
from r1data.publishing.request import Outlook, Published, Request

__all__ = ["Outlook", "Published", "Request", "outlook", "publish"]
