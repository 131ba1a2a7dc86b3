"""Training on what the factory made: SFT, GRPO, and the tiny model that the demo samples."""
