"""compress.py lz4|zstd|zstd-dictionary size|finetune MODELS DATASET: the same weights as bench-datasync, as others compress them.

MODELS is the executable bench-datasync, which writes the weights of DATASET. A model is one buffer of one process:

- lz4: an LZ4 frame by `lz4.frame`, as the `lz4` command writes it.
- zstd: one frame of level 3 by `zstandard`, as the `zstd` command writes it.
- zstd-dictionary: the same, with the model before it as a dictionary, as `zstd --patch-from` does.

Prints the ratio, and in GB/s of one core what packing and unpacking take."""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import lz4.frame
import zstandard

REPEATS = 3


def by_lz4(_base):
    return lz4.frame.compress, lz4.frame.decompress


def by_zstd(_base):
    return zstandard.ZstdCompressor(level=3).compress, zstandard.ZstdDecompressor().decompress


def by_dictionary(base):
    # The window has to reach back over the whole of the model to the one before.
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=25, enable_ldm=True)
    dictionary = zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    compressor = zstandard.ZstdCompressor(dict_data=dictionary, compression_params=parameters)
    return compressor.compress, zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=1 << 25).decompress


WAYS = {"lz4": by_lz4, "zstd": by_zstd, "zstd-dictionary": by_dictionary}


def least_seconds(work, argument):
    times = []
    for _ in range(REPEATS):
        start = time.thread_time()
        result = work(argument)
        times.append(time.thread_time() - start)
    return min(times), result


def main() -> None:
    if len(sys.argv) != 5 or sys.argv[1] not in WAYS or sys.argv[2] not in ("size", "finetune"):
        sys.exit(__doc__)
    way, benchmark, models, dataset = sys.argv[1:]
    name, verbs, files = {
        "size": ("datasync.size", ("compress", "decompress"), ("digits", "initialised")),
        "finetune": ("datasync.finetune.codec", ("make", "apply"), ("SGD", "Adam")),
    }[benchmark]
    with TemporaryDirectory(prefix="gedge-") as folder:
        subprocess.run([models, "models", dataset, folder], check=True)
        base = (Path(folder) / "digits").read_bytes()
        for file in files:
            raw = (Path(folder) / file).read_bytes()
            pack, unpack = WAYS[way](base)
            packing, packed = least_seconds(pack, raw)
            unpacking, unpacked = least_seconds(unpack, packed)
            if unpacked != raw:
                sys.exit(f"{way}: {file} came back changed")
            for label in ("LZ4", "zstd"):
                rows = [("", len(raw) / len(packed), "x"), (f", {verbs[0]}", len(raw) / packing / 1e9, "GB/s"),
                        (f", {verbs[1]}", len(raw) / unpacking / 1e9, "GB/s")]
                for suffix, value, unit in rows:
                    print(json.dumps({"benchmark": name, "variant": f"{file}, {label}{suffix}", "value": value, "unit": unit}))


if __name__ == "__main__":
    main()
