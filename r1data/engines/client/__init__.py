"""The client of servers, somebody's or ours: many requests, several endpoints, and everything that can go wrong.

`server` is the engine; `upkeep` and `patience` look after endpoints, `dispatcher`, `limit` and `suspects` decide who
gets what, `exchange` speaks HTTP, `completions_api` and `chat_api` know what is on the wire.
"""
