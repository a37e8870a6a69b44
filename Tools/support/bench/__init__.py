"""One harness for every module's benchmarks; run by Tools/bench."""
