"""What training and labelling do on a GPU, measured in the few minutes for which one is lent.

`python -m benchmarks.gpu --pack FOLDER` gathers here what travels, `python -m benchmarks.gpu --from
FOLDER` measures there without a network, and `--render` puts the figures into docs/performance.md.
Where there is no GPU the second is a rehearsal: every part runs, on a few small photos.
"""
