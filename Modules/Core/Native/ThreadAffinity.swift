import CLinux
import Glibc

/// The hardware threads that a thread of the operating system may run on.
public enum ThreadAffinity {
    /// The most hardware threads of a machine, as many as Linux can be built for.
    private static let limit = 8192
    private static let wordBits = UInt.bitWidth

    /// The kernel's number of the calling thread.
    public static var currentThread: Int32 { gedge_thread_number() }

    /// Binds a thread to some hardware threads.
    /// - Parameters:
    ///   - processors: their numbers; the kernel leaves out those that its control group forbids.
    ///   - thread: the kernel's number of a thread, or of a process for its first one; 0 for the calling thread.
    /// - Throws: `AffinityError` with the kernel's error number.
    public static func set(_ processors: [Int], ofThread thread: Int32 = 0) throws(AffinityError) {
        guard !processors.isEmpty, processors.allSatisfy({ (0..<limit).contains($0) }) else {
            throw AffinityError(processors: processors, thread: thread, number: EINVAL)
        }
        var words = [UInt](repeating: 0, count: limit / wordBits)
        for processor in processors { words[processor / wordBits] |= 1 << UInt(processor % wordBits) }
        guard gedge_set_affinity(thread, words, words.count * wordBits / 8) == 0 else {
            throw AffinityError(processors: processors, thread: thread, number: errno)
        }
    }

    /// The numbers of the hardware threads that a thread may run on, ascending.
    /// - Parameter thread: the kernel's number of a thread; 0 for the calling thread.
    /// - Throws: `AffinityError` with the kernel's error number.
    public static func get(ofThread thread: Int32 = 0) throws(AffinityError) -> [Int] {
        var words = [UInt](repeating: 0, count: limit / wordBits)
        guard gedge_get_affinity(thread, &words, words.count * wordBits / 8) > 0 else {
            throw AffinityError(processors: [], thread: thread, number: errno)
        }
        return (0..<limit).filter { words[$0 / wordBits] >> UInt($0 % wordBits) & 1 == 1 }
    }
}

/// The kernel did not bind a thread.
public struct AffinityError: ModuleError {
    public let message: String
    /// The kernel's error number: `EINVAL` for hardware threads that there are not or may not be used, `ESRCH` for a thread that is
    /// gone, `EPERM` for one of somebody else.
    public let number: Int32
    public var code: String { "affinity" }
    public var cause: (any Error)? { nil }
    public var isRetriable: Bool { false }

    init(processors: [Int], thread: Int32, number: Int32) {
        self.number = number
        let name = thread == 0 ? "the calling thread" : "thread \(thread)"
        let list = processors.prefix(16).map(String.init).joined(separator: ",")
        let remedy =
            switch number {
            case EINVAL: "name hardware threads that 'gedge topology show' lists"
            case ESRCH: "it has ended"
            default: "run as its owner, or as root"
            }
        message =
            "\(name) cannot be bound to the hardware threads \(list.isEmpty ? "of an empty list" : list): "
            + "\(String(cString: strerror(number))) (errno \(number)); \(remedy)"
    }
}
