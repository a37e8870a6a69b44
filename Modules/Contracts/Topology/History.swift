public import Core

/// A figure of a machine's load of which the core keeps the history.
public enum LoadMetric: String, Codable, Sendable, Hashable, CaseIterable {
    /// Share of all hardware threads, 0 to 1.
    case cpu
    /// Seconds of processor time a second.
    case daemonCPU
    /// Bytes.
    case availableMemory, resident
    /// Shares of time in which some task waited, 0 to 1.
    case cpuPressure, memoryPressure, ioPressure
    /// Bytes.
    case freeDisk
    /// Bytes a second.
    case diskRead, diskWritten
    /// Share of the time, 0 to 1.
    case diskBusy
    /// Bytes a second, over all interfaces.
    case networkReceived, networkSent
    /// Mean share of the time over all GPUs, 0 to 1.
    case gpuBusy
    /// Bytes in use, over all GPUs.
    case gpuMemory
}

extension LoadReport {
    /// The figure `metric` of this load; `nil` when the machine does not tell it.
    public func value(of metric: LoadMetric) -> Double? {
        switch metric {
        case .cpu: cpu
        case .daemonCPU: daemonCPU
        case .availableMemory: Double(availableMemory)
        case .resident: Double(resident)
        case .cpuPressure: pressure?.cpu?.some
        case .memoryPressure: pressure?.memory?.some
        case .ioPressure: pressure?.io?.some
        case .freeDisk: Double(freeDisk)
        case .diskRead: disk?.readBytesPerSecond
        case .diskWritten: disk?.writtenBytesPerSecond
        case .diskBusy: disk?.busy
        case .networkReceived: network?.reduce(0) { $0 + $1.receivedBytesPerSecond }
        case .networkSent: network?.reduce(0) { $0 + $1.sentBytesPerSecond }
        case .gpuBusy:
            gpus.flatMap { $0.isEmpty ? nil : $0.reduce(0) { $0 + $1.busy } / Double($0.count) }
        case .gpuMemory: gpus?.reduce(0) { $0 + Double($1.usedMemory) }
        }
    }
}

public struct HistoryQuery: Codable, Sendable, Hashable {
    /// An edge's name, or `core`.
    public var site: Name
    public var metric: LoadMetric
    public var from: Timestamp
    public var to: Timestamp
    /// At most so many points are answered, 1 to 10,000; neighbours are joined until they are few enough.
    public var most: Int

    public init(site: Name, metric: LoadMetric, from: Timestamp, to: Timestamp, most: Int = 600) {
        self.site = site
        self.metric = metric
        self.from = from
        self.to = to
        self.most = most
    }
}

public struct HistoryReply: Codable, Sendable, Hashable {
    /// How long a time the core sums up in one point where it looked, in milliseconds; 0 for single reports.
    public var resolution: Int64
    /// By time; where nothing is known there is none.
    public var points: [HistoryPoint]

    public init(resolution: Int64, points: [HistoryPoint]) {
        self.resolution = resolution
        self.points = points
    }
}

public struct HistoryPoint: Codable, Sendable, Hashable {
    /// When the time begins that it sums up.
    public var start: Timestamp
    public var minimum: Double
    public var mean: Double
    public var maximum: Double
    /// How many reports it sums up.
    public var count: Int

    public init(start: Timestamp, minimum: Double, mean: Double, maximum: Double, count: Int) {
        self.start = start
        self.minimum = minimum
        self.mean = mean
        self.maximum = maximum
        self.count = count
    }
}
