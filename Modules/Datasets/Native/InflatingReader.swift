import CZlib

/// Unpacks DEFLATE data (RFC 1951), bare or as gzip (RFC 1952), while it is read.
final class InflatingReader: ByteReader {
    /// How the compressed data is wrapped.
    enum Wrapping {
        case none
        case gzip
    }

    /// A byte of DEFLATE data unpacks to at most this many.
    private static let bestRatio = 1032

    private let source: any ByteReader
    private let wrapping: Wrapping
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private var isAtEnd = false

    init(_ source: any ByteReader, wrapping: Wrapping) throws {
        self.source = source
        self.wrapping = wrapping
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: 64 << 10, alignment: 16)
        let status = gedge_inflate_init(stream, wrapping == .gzip ? 15 + 16 : -15)
        guard status == Z_OK else {
            input.deallocate()
            stream.deallocate()
            throw DatasetError(.unreadable, "\(source.name): zlib refused to start (status \(status))")
        }
    }

    deinit {
        inflateEnd(stream)
        input.deallocate()
        stream.deallocate()
    }

    var name: String { source.name }

    var mostBytesLeft: Int {
        isAtEnd ? 0 : (source.mostBytesLeft + Int(stream.pointee.avail_in)).multipliedClamped(by: Self.bestRatio)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let base = buffer.baseAddress, !isAtEnd else { return 0 }
        let wanted = min(buffer.count, 1 << 30)
        stream.pointee.next_out = base.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(wanted)
        while stream.pointee.avail_out == UInt32(wanted), !isAtEnd {
            if stream.pointee.avail_in == 0 {
                let count = try source.read(into: input)
                guard count > 0 else { throw damaged("it ends in the middle of its compressed data") }
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_in = UInt32(count)
            }
            switch inflate(stream, Z_NO_FLUSH) {
            case Z_OK: break
            case Z_STREAM_END: try finishMember()
            default: throw damaged(stream.pointee.msg.map { String(cString: $0) } ?? "its compressed data is invalid")
            }
        }
        return wanted - Int(stream.pointee.avail_out)
    }

    /// A gzip file may have several members one after the other; bare DEFLATE data ends here.
    private func finishMember() throws {
        guard wrapping == .gzip else {
            isAtEnd = true
            return
        }
        if stream.pointee.avail_in == 0 {
            let count = try source.read(into: input)
            stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_in = UInt32(count)
        }
        if stream.pointee.avail_in == 0 {
            isAtEnd = true
        } else {
            inflateReset(stream)
        }
    }

    private func damaged(_ what: String) -> DatasetError {
        DatasetError(.malformed, "\(name): \(what); the file is damaged, fetch it again")
    }
}

extension Int {
    /// The product, or the largest number when it overflows.
    func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
