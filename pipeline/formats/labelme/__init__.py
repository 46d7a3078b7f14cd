"""LabelMe's JSON, one file per photo."""
