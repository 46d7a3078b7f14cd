"""The library of the ladder; docs/architecture.md has its rooms and who imports whom.

Shapes are written with these letters:

    B batch    N objects of a photo (padded)    A anchors    C classes, background not counted
    S side of the square input in pixels        K detections    P photos

Boxes are xyxy pixel edges (`boxes.py`).
"""
