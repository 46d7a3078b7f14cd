"""The library of the detection ladder: pure where it can be, with no paths of its own.

The journey of a photo through the rooms:

1. `data.sources`, `data.voc`, `data.demo`  photos and labels become photos and a Pascal JSON
2. `data.tables`, `data.schemas`            the JSON becomes `images`, `objects` and `largest`
3. `data.pixels`, `data.store`              photos become one memory-mapped uint8 array
4. `data.batches`, `data.augment`           rows and pixels become batches on the device
5. `models`                                 batches become raw outputs
6. `train`                                  outputs and targets become losses, steps and checkpoints
7. `evaluate`                               outputs become predictions, metrics and pictures
8. `ladder`                                 says which of these belong together in each rung
9. `tracking`                               every distinct result becomes one MLflow run

Shapes are written with these letters:

    B batch    N objects of a photo (padded)    A anchors    C classes, background not counted
    S side of the square input in pixels        K detections    P photos

Boxes are xyxy pixel edges (`boxes.py`).
"""
