import Glibc

// Glibc's functions under names that do not clash with members in generic contexts.
func _log(_ value: Double) -> Double { log(value) }
func _cos(_ value: Double) -> Double { cos(value) }
