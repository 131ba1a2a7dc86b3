"""Recipes (identity) and runtimes (execution)."""

from r1data.recipe.fingerprint import fingerprint, fingerprint_files
from r1data.recipe.reading import read_recipe, read_runtime
from r1data.recipe.recipe import (
    Audit,
    Columns,
    FilePrompts,
    FillReferences,
    GymPrompts,
    HubPrompts,
    JudgeSettings,
    Model,
    Policy,
    Recipe,
    Sampling,
    Selection,
    ShippedPrompts,
    Source,
    Template,
    Verification,
    VerifierName,
)
from r1data.recipe.runtime import EngineChoice, LocalEngine, Runtime, ScriptedEngine, ServerEngine

__all__ = [
    "Audit",
    "Columns",
    "EngineChoice",
    "FilePrompts",
    "FillReferences",
    "GymPrompts",
    "HubPrompts",
    "JudgeSettings",
    "LocalEngine",
    "Model",
    "Policy",
    "Recipe",
    "Runtime",
    "Sampling",
    "ScriptedEngine",
    "Selection",
    "ServerEngine",
    "ShippedPrompts",
    "Source",
    "Template",
    "Verification",
    "VerifierName",
    "fingerprint",
    "fingerprint_files",
    "read_recipe",
    "read_runtime",
]
