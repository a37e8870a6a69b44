extension BatchProblem {
    /// The problem that a `placebench/1` document describes.
    ///
    /// Fields may stand in any order; those that are not known are passed over.
    /// - Throws: `PlacementError`, which names the field, the place in it and the remedy.
    package init(json bytes: [UInt8]) throws(PlacementError) {
        var reader = BatchProblemReader()
        var cursor = JSONCursor(bytes)
        try reader.read(&cursor)
        try cursor.end()
        self = reader.problem
    }
}
