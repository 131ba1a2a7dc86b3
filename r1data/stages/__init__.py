"""Stages: one verb each, from recipe to dataset. A flow or the command line strings them together."""

from r1data.stages.assemble import assemble, decide
from r1data.stages.compare import compare
from r1data.stages.desk import JudgeDesk
from r1data.stages.fill import fill_references, suspects_of
from r1data.stages.given import GivenJob, Taken, needs_judge, open_given, take_over
from r1data.stages.grade import grade_missing
from r1data.stages.job import Job, open_job
from r1data.stages.judge import judge_missing
from r1data.stages.plan import Plan, plan, preview
from r1data.stages.refine import Refined, refine_file
from r1data.stages.reverify import Change, reverify, stored_run
from r1data.stages.rewrite import Origin, RewriteJob, RewritePlan, open_rewrite, plan_rewrites, rewrite
from r1data.stages.sample import salvage, sample
from r1data.stages.score import score_missing
from r1data.stages.screen import load_items, screen_prompts
from r1data.stages.verify_file import Tally, verify_file

__all__ = [
    "Change",
    "GivenJob",
    "Job",
    "JudgeDesk",
    "Origin",
    "Plan",
    "Refined",
    "RewriteJob",
    "RewritePlan",
    "Taken",
    "Tally",
    "assemble",
    "compare",
    "decide",
    "fill_references",
    "grade_missing",
    "judge_missing",
    "load_items",
    "needs_judge",
    "open_given",
    "open_job",
    "open_rewrite",
    "plan",
    "plan_rewrites",
    "preview",
    "refine_file",
    "reverify",
    "rewrite",
    "salvage",
    "sample",
    "score_missing",
    "screen_prompts",
    "stored_run",
    "suspects_of",
    "take_over",
    "verify_file",
]
