"""How fast each hot part is, compared with what an engineer would otherwise use and with the limit.

`make bench` runs all topics, `make bench TOPIC=tables` one. A topic is a file here that defines
`TOPIC`. Results go to `benchmarks/results/TOPIC.json`, and from there to `docs/performance.md`.
"""
