"""One core and three edges on this machine, for Tools/run and the benchmarks."""
