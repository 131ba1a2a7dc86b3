"""From a prompt to the text that the model continues."""

from r1data.prompts.rendering import Rendered, Renderer

__all__ = ["Rendered", "Renderer"]
