/// What a loader has read: rows of finite features, and a label at least 0 for each.
struct Table {
    var features: [Float]
    var labels: [Int32]
    var featureCount: Int
}
