/// Which library takes out what the arrangement of bytes has laid bare.
public enum Entropy: String, Sendable, CaseIterable {
    /// LZ4: finds repetitions; everybody has it.
    case lz4
    /// zstd: also gives frequent bytes fewer bits, which is most of what there is to gain in weights.
    case zstd
}
