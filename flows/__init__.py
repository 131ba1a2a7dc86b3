"""Thin Prefect flows over the plain stages of `r1data`. The only place that imports Prefect."""
