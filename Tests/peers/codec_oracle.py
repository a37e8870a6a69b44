"""The formats of DataSync's codecs, written again from docs/datasync.md with NumPy, lz4 and zstandard.

  codec_oracle.py check FOLDER   reads what FOLDER/cases.json lists, compares it with the raw bytes, and writes each case
                                 its own way, as NAME.theirs
  codec_oracle.py cuts FOLDER    prints where FOLDER/stream is cut, for the limits in FOLDER/limits.json
  codec_oracle.py vectors FILE   writes the golden vectors of Tests/DataSyncTests/Codec
"""

import json
import struct
import sys
from pathlib import Path

import lz4.block
import numpy as np
import zstandard

RAW, LZ4, SHUFFLED_LZ4, ZSTD, SHUFFLED_ZSTD = range(5)
STORED, CONSTANT, PLANE_LZ4, PLANE_ZSTD = range(4)


def header(element, logarithm, size):
    return struct.pack("<BBBBI", 1, element, logarithm, 0, size)


def pack_zstd(raw):
    return zstandard.ZstdCompressor(level=1).compress(raw)


def unpack_zstd(frame, size):
    raw = zstandard.ZstdDecompressor().decompress(frame, max_output_size=size)
    assert len(raw) == size
    return raw


def pack_lz4(raw):
    return lz4.block.compress(raw, store_size=False)


def unpack_lz4(block, size):
    raw = lz4.block.decompress(block, uncompressed_size=size)
    assert len(raw) == size
    return raw


# Planes.

def rotate(words):
    return (words << np.uint32(1)) | (words >> np.uint32(31))


def rotate_back(words):
    return (words >> np.uint32(1)) | (words << np.uint32(31))


def order(words):
    """Sign and magnitude to two's complement, as unsigned words; its own inverse."""
    return np.where(words >> np.uint32(31), words ^ np.uint32(0x7FFFFFFF), words)


def zigzag(differences):
    return (differences << np.uint32(1)) ^ (differences.view(np.int32) >> 31).view(np.uint32)


def zigzag_back(values):
    return (values >> np.uint32(1)) ^ (np.uint32(0) - (values & np.uint32(1)))


def pack_planes(words, entropy):
    sizes, bodies = [], []
    for plane in words.view(np.uint8).reshape(-1, 4).T:
        plane = plane.tobytes()
        packed = pack_lz4(plane) if entropy == "lz4" else pack_zstd(plane)
        coding = PLANE_LZ4 if entropy == "lz4" else PLANE_ZSTD
        if len(plane) > 1 and len(set(plane)) == 1:
            packed, coding = plane[:1], CONSTANT
        elif len(packed) >= len(plane):
            packed, coding = plane, STORED
        sizes.append(coding << 24 | len(packed))
        bodies.append(packed)
    return struct.pack("<4I", *sizes) + b"".join(bodies)


def unpack_planes(block, count, entropy):
    """The words, and how many bytes of `block` they took."""
    offset, planes = 16, []
    for word in struct.unpack_from("<4I", block):
        coding, size = word >> 24, word & 0xFFFFFF
        packed = block[offset : offset + size]
        assert len(packed) == size
        offset += size
        if coding == STORED:
            plane = packed
        elif coding == CONSTANT:
            assert size == 1
            plane = packed * count
        elif coding == PLANE_LZ4:
            plane = unpack_lz4(packed, count)
        else:
            assert coding == PLANE_ZSTD and entropy == "zstd"
            plane = unpack_zstd(packed, count)
        assert len(plane) == count
        planes.append(np.frombuffer(plane, np.uint8))
    return np.stack(planes, axis=1).copy().view("<u4").reshape(-1), offset


def words_of(raw):
    return np.frombuffer(raw, "<u4", count=len(raw) // 4)


def tail_of(raw):
    return raw[len(raw) // 4 * 4 :]


# Leaves.

def encode_leaf(raw, encoding):
    if encoding == RAW:
        return raw
    if encoding == LZ4:
        return header(1, 0, len(raw)) + pack_lz4(raw)
    if encoding == ZSTD:
        return header(1, 0, len(raw)) + pack_zstd(raw)
    entropy = "lz4" if encoding == SHUFFLED_LZ4 else "zstd"
    return header(4, 0, len(raw)) + pack_planes(rotate(words_of(raw)), entropy) + tail_of(raw)


def decode_leaf(payload, encoding):
    if encoding == RAW:
        return payload
    version, element, logarithm, zero, size = struct.unpack_from("<BBBBI", payload)
    body = payload[8:]
    assert (version, logarithm, zero) == (1, 0, 0)
    if encoding in (LZ4, ZSTD):
        assert element == 1
        return unpack_lz4(body, size) if encoding == LZ4 else unpack_zstd(body, size)
    assert element == 4
    words, used = unpack_planes(body, size // 4, "lz4" if encoding == SHUFFLED_LZ4 else "zstd")
    assert len(body) - used == size % 4
    return rotate_back(words).tobytes() + body[used:]


# Differences.

def encode_delta(new, base, entropy, logarithm=12):
    assert len(new) == len(base)
    values = zigzag(order(words_of(new)) - order(words_of(base)))
    blocks = [pack_planes(values[at : at + (1 << logarithm)], entropy) for at in range(0, len(values), 1 << logarithm)]
    return header(4, logarithm, len(new)) + b"".join(blocks) + tail_of(new)


def decode_delta(delta, base, entropy):
    version, element, logarithm, zero, size = struct.unpack_from("<BBBBI", delta)
    assert (version, element, zero) == (1, 4, 0) and size == len(base)
    old, at, parts = order(words_of(base)), 8, []
    for start in range(0, len(old), 1 << logarithm):
        part = old[start : start + (1 << logarithm)]
        values, used = unpack_planes(delta[at:], len(part), entropy)
        at += used
        parts.append(order(part + zigzag_back(values)).tobytes())
    assert len(delta) - at == size % 4
    return b"".join(parts) + delta[at:]


# Cuts.

def split_mix(seed, count):
    mask, numbers = (1 << 64) - 1, []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        word = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & mask
        numbers.append(word ^ (word >> 31))
    return numbers


def gear_hashes(data):
    """The hash of the 64 bytes that end at each byte (fewer at the start)."""
    gear = np.array(split_mix(0x4745646765434443, 256), np.uint64)
    hashes = gear[np.frombuffer(data, np.uint8)]
    for width in (1, 2, 4, 8, 16, 32):
        shifted = hashes[:-width] << np.uint64(width)
        hashes = hashes.copy()
        hashes[width:] += shifted
    return hashes


def cuts(data, minimum, average, maximum):
    hashes, sizes, start = gear_hashes(data), [], 0
    bits = average.bit_length() - 1
    strict, loose = 1 << (64 - bits - 2), 1 << (64 - bits + 2)
    while start < len(data):
        size = min(minimum, len(data) - start)
        while size < min(maximum, len(data) - start):
            if int(hashes[start + size - 1]) < (strict if size < average else loose):
                break
            size += 1
        sizes.append(size)
        start += size
    return sizes


# Golden vectors.

def vectors():
    random = np.random.default_rng(7)
    weights = (random.standard_normal(200) * 0.05).astype("<f4")
    nudged = (weights + random.standard_normal(200).astype("<f4") * np.float32(1e-5)).astype("<f4")
    nudged[::3] = weights[::3]
    strange = np.array([0, 0x80000000, 1, 0x80000001, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFFFFFFF, 0x7F800001], "<u4")
    text = b"what must move, and how; " * 20
    leaves = []
    for name, raw, encodings in [
        ("text", text, (RAW, LZ4, ZSTD)),
        ("weights", weights.tobytes(), (SHUFFLED_LZ4, SHUFFLED_ZSTD)),
        ("weights and three bytes", weights.tobytes() + b"abc", (SHUFFLED_LZ4, SHUFFLED_ZSTD)),
        ("constant", np.full(100, 1.5, "<f4").tobytes(), (SHUFFLED_LZ4, SHUFFLED_ZSTD)),
        ("one word", b"\x01\x02\x03\x04", (SHUFFLED_LZ4, SHUFFLED_ZSTD)),
    ]:
        for encoding in encodings:
            payload = encode_leaf(raw, encoding)
            assert decode_leaf(payload, encoding) == raw
            leaves.append({"name": name, "encoding": encoding, "raw": raw.hex(), "payload": payload.hex()})
    deltas = []
    pairs = [("a step", nudged.tobytes(), weights.tobytes()), ("unchanged", weights.tobytes(), weights.tobytes()),
             ("strange bits", np.repeat(strange, 9).tobytes(), np.tile(strange, 9).tobytes()),
             ("a step and two bytes", nudged.tobytes() + b"yz", weights.tobytes() + b"ab"), ("nothing", b"", b""),
             ("three bytes", b"xyz", b"abc")]
    for name, new, base in pairs:
        for entropy in ("lz4", "zstd"):
            delta = encode_delta(new, base, entropy, logarithm=10)
            assert decode_delta(delta, base, entropy) == new
            deltas.append({"name": name, "entropy": entropy, "new": new.hex(), "base": base.hex(), "delta": delta.hex()})
    stream = b"".join(struct.pack("<Q", word) for word in split_mix(1, 1 << 16))
    chunks = [{"seed": 1, "bytes": len(stream), "minimum": minimum, "average": average, "maximum": maximum,
               "sizes": cuts(stream, minimum, average, maximum)}
              for minimum, average, maximum in [(16 << 10, 64 << 10, 256 << 10), (2048, 8192, 32768), (64, 16384, 16384)]]
    return {"leaves": leaves, "deltas": deltas, "gear": [f"{word:016x}" for word in split_mix(0x4745646765434443, 4)],
            "chunks": chunks}


def check(folder):
    for case in json.loads((folder / "cases.json").read_text()):
        name = case["name"]
        raw, payload = (folder / f"{name}.raw").read_bytes(), (folder / f"{name}.ours").read_bytes()
        if case["kind"] == "leaf":
            decoded, theirs = decode_leaf(payload, case["encoding"]), encode_leaf(raw, case["encoding"])
        else:
            base = (folder / f"{name}.base").read_bytes()
            decoded, theirs = decode_delta(payload, base, case["entropy"]), encode_delta(raw, base, case["entropy"])
        if decoded != raw:
            sys.exit(f"{name}: what was read is not what was written")
        (folder / f"{name}.theirs").write_bytes(theirs)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("check", "cuts", "vectors"):
        sys.exit(__doc__)
    path = Path(sys.argv[2])
    if sys.argv[1] == "check":
        check(path)
    elif sys.argv[1] == "cuts":
        limits = json.loads((path / "limits.json").read_text())
        print(json.dumps(cuts((path / "stream").read_bytes(), *limits)))
    else:
        path.write_text(json.dumps(vectors(), indent=1) + "\n")


if __name__ == "__main__":
    main()
