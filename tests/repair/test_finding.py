"""A finding is a fault when it has a remedy."""

from pipeline.repair.finding import Finding


def test_what_is_fine_has_no_remedy():
    assert (Finding("fine").remedy, Finding("fine").mend) == ("", None)
