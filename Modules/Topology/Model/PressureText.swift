import Contracts

extension Pressure.Stall {
    /// Reads `/proc/pressure/cpu` and its like (Documentation/accounting/psi.rst of Linux). `full` of `cpu` came with Linux 5.13;
    /// without it nothing is known to have stopped, which is 0.
    init?(_ scanner: ByteScanner) {
        var scanner = scanner
        guard scanner.skip("some avg10="), let some = scanner.decimal(), some <= 100 else { return nil }
        scanner.skipLine()
        let full = scanner.skip("full avg10=") ? scanner.decimal() ?? 0 : 0
        self.init(some: some / 100, full: min(full, 100) / 100)
    }
}
