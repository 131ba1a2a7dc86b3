"""Introductions: what an endpoint says about itself before it is given work, and whether it is still there."""

from __future__ import annotations

from dataclasses import dataclass

from r1data.engines.client.exchange import Exchange
from r1data.engines.client.trouble import Kind, Trouble
from r1data.errors import EngineError


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who an endpoint is: its name and version, and the context of the model where it tells."""

    name: str
    vllm: bool
    context_tokens: int | None


async def meet(exchange: Exchange, url: str, model: str, *, hosted: bool) -> Introduction:
    """Ask an endpoint for its models and its version. A `hosted` service may have no list of its models.

    Raises:
        Trouble: it does not answer as such a server does.
        EngineError: it answers, and does not serve the model.
    """
    try:
        models = await exchange.get(f"{url}/models")
    except Trouble as trouble:
        if not (hosted and trouble.kind is Kind.CLOSED and "HTTP 40" in str(trouble) and "access" not in str(trouble)):
            raise
        return Introduction("openai-compatible", vllm=False, context_tokens=None)
    entries = models.get("data") if isinstance(models, dict) else None
    known = {m["id"]: m for m in entries if isinstance(m, dict) and "id" in m} if isinstance(entries, list) else {}
    if not known:
        raise Trouble(Kind.GARBLED, "its /models is no list of models; is it an OpenAI-compatible server?")
    if model not in known:
        raise EngineError(
            f"{url}: does not serve model '{model}'; it has: {', '.join(sorted(map(str, known)))}",
            "set engine.model in the runtime to the name that the server uses",
        )
    length = known[model].get("max_model_len")
    version = await _vllm_version(exchange, url)
    return Introduction(
        name=f"vllm {version}" if version else "openai-compatible",
        vllm=version is not None,
        context_tokens=length if isinstance(length, int) and length > 0 else None,
    )


async def is_dead(exchange: Exchange, url: str, *, vllm: bool) -> bool:
    """Whether an endpoint that lost a request is gone. One that is only slow, or only drops connections, is not."""
    try:
        status, _ = await exchange.look(f"{url.removesuffix('/v1')}/health" if vllm else f"{url}/models")
    except Trouble as trouble:
        return trouble.kind in (Kind.UNREACHABLE, Kind.DROPPED)
    return vllm and status == 503  # so says a vLLM whose engine has died and which is about to follow it


async def _vllm_version(exchange: Exchange, url: str) -> str | None:
    """Only vLLM tells its version there."""
    try:
        version = await exchange.get(url.removesuffix("/v1") + "/version")
    except Trouble:
        return None
    return str(version["version"]) if isinstance(version, dict) and "version" in version else None
