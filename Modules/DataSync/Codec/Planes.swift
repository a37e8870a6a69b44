/// Where the four planes of some 4-byte words lie: one byte of each word.
struct Planes {
    var first: UnsafePointer<UInt8>
    var second: UnsafePointer<UInt8>
    var third: UnsafePointer<UInt8>
    var fourth: UnsafePointer<UInt8>

    subscript(index: Int) -> UnsafePointer<UInt8> {
        get {
            switch index {
            case 0: first
            case 1: second
            case 2: third
            default: fourth
            }
        }
        set {
            switch index {
            case 0: first = newValue
            case 1: second = newValue
            case 2: third = newValue
            default: fourth = newValue
            }
        }
    }
}
