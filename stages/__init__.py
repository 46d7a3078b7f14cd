"""What DVC runs: one file a stage. Each reads its inputs, calls the library, writes its outputs."""
