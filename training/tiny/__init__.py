"""The tiny model: a Llama of a few megabytes whose faults are the ones that the factory exists to catch.

Read in this order: ``tasks`` (what a task and its worked solution are), ``columns`` (arithmetic written out digit by
digit), ``families``, ``stories`` and ``gym`` (the task families), ``flaws`` (the faults), ``corpus`` (the mix and what
is held out), ``tokenizer``, ``train``, ``prompts`` (what is shipped of the held-out part). How well it does is measured
by the factory itself, with `make demo`.
"""
