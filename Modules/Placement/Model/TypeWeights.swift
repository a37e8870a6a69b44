/// By what the bytes of a training type count when it is decided where it runs.
package struct TypeWeights: Sendable, Hashable {
    /// For each byte of model that moves.
    package var model: Double
    /// For each byte of data that moves.
    package var data: Double

    package init(model: Double, data: Double) {
        self.model = model
        self.data = data
    }
}
