"""How fast each hot part is: ours, what an engineer would otherwise pick, and the limit.

`make bench` runs all topics, `make bench TOPIC=tables` one. A topic is a file here with `TOPIC`.
Results go to `benchmarks/results/TOPIC.json`, and from there to `docs/performance.md`.
"""
