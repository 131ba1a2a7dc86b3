"""Publishing: a workspace's dataset on the Hub. The only code that writes there."""

from r1data.publishing.publish import Outlook, Published, outlook, publish

__all__ = ["Outlook", "Published", "outlook", "publish"]
