"""Training on what the factory made: SFT, GRPO, reward models, and the tiny models that the demo samples.

A training is a process of its own, `python -m training FOLDER` (or accelerate's launcher in front), as an engine is:
it reads `FOLDER/job.json`, which `r1data train` writes, and leaves `FOLDER/model`, which vLLM serves. Read in this
order: `job`, `conversations` (the contract between data and training), `sft`, `rewards`, `grpo`, `reward_model`;
`checkpoints` and `metrics` are what every training keeps.
"""
