import Glibc

func exponential(_ value: Double) -> Double { exp(value) }
