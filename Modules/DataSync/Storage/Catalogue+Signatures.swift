import Contracts
import Core
import MessageBus
import Store

extension Catalogue {
    /// Keeps signatures of a manifest that is here.
    func sign(_ digest: Digest, _ signatures: [WriterSignature]) throws {
        for signature in signatures {
            try connection.execute(
                """
                INSERT INTO datasync_signatures (manifest, key, signature, writer) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """, digest.hex, signature.key.bytes, signature.signature, signature.writer.text)
        }
    }

    /// The signatures of a manifest, that of `first` before the others.
    func signatures(of digest: Digest, first: PeerID, count: Int) throws -> [WriterSignature] {
        try connection.query(
            """
            SELECT key, signature, writer FROM datasync_signatures WHERE manifest = ? ORDER BY writer <> ?, writer, key
            LIMIT ?
            """, digest.hex, first.text, count
        ) { row in
            guard let key = VerifyingKey(bytes: try row.blob(0)) else {
                throw StoreError(.corrupt, "a signature of manifest \(digest) has no key; restore a backup")
            }
            return WriterSignature(key: key, signature: try row.blob(1), writer: PeerID(try row.string(2)))
        }
    }

    /// Whose key signed a manifest, when that was verified here before.
    func writer(of digest: Digest, key: VerifyingKey) throws -> PeerID? {
        try connection.first(
            "SELECT writer FROM datasync_signatures WHERE manifest = ? AND key = ?", digest.hex, key.bytes
        ) { PeerID(try $0.string(0)) }
    }

    /// What `writer` signed by another key than this one and, until `noteSigning`, everything that nobody signed.
    func unsigned(by writer: PeerID, key: VerifyingKey) throws -> [Digest] {
        try connection.query(
            """
            SELECT manifest FROM datasync_signatures WHERE writer = ?1 AND key <> ?2
            UNION SELECT m.digest FROM datasync_manifests m
            WHERE NOT EXISTS (SELECT 1 FROM datasync_signing)
                AND NOT EXISTS (SELECT 1 FROM datasync_signatures s WHERE s.manifest = m.digest)
            """, writer.text, key.bytes
        ) { try $0.string(0) }.compactMap(Digest.init(hex:))
    }

    /// From now on nothing is here unsigned; `writer` signs by this key, and no longer counts by another.
    func noteSigning(by writer: PeerID, key: VerifyingKey, now: Timestamp) throws {
        try connection.execute(
            "DELETE FROM datasync_signatures WHERE writer = ? AND key <> ?", writer.text, key.bytes)
        try connection.execute("INSERT INTO datasync_signing (id, since) VALUES (1, ?) ON CONFLICT DO NOTHING", now)
    }

    // MARK: Keys of others

    /// The clouds that told this key as theirs, each with the CURVE key it had then.
    func writers(key: VerifyingKey) throws -> [(peer: PeerID, enrolled: String)] {
        try connection.query("SELECT peer, enrolled FROM datasync_writers WHERE key = ? ORDER BY peer", key.bytes) {
            (PeerID(try $0.string(0)), try $0.string(1))
        }
    }

    /// From now on `peer` signs by `key`.
    func setWriter(_ peer: PeerID, key: VerifyingKey, enrolled: String, now: Timestamp) throws {
        try connection.execute(
            """
            INSERT INTO datasync_writers (peer, key, enrolled, learned) VALUES (?, ?, ?, ?)
            ON CONFLICT (peer) DO UPDATE SET
                key = excluded.key, enrolled = excluded.enrolled, learned = excluded.learned
            """, peer.text, key.bytes, enrolled, now)
    }
}
