"""Holds the Python implementation against the golden vectors. Argument: the path of vectors.json."""

import json
import sys
import unittest

import make_vectors
from gedge_wire import HEADER, Defect, Limits, Message, decode

with open(sys.argv.pop(1), encoding="utf-8") as file:
    VECTORS = json.load(file)
LIMITS = Limits(**VECTORS["limits"])


class VectorTests(unittest.TestCase):
    def test_header_is_88_bytes(self):
        self.assertEqual(HEADER.size, 88)

    def test_valid_vectors_decode_to_their_fields_and_encode_back(self):
        self.assertGreater(len(VECTORS["valid"]), 13)
        for vector in VECTORS["valid"]:
            with self.subTest(vector["name"]):
                parts = [bytes.fromhex(part) for part in vector["parts"]]
                expected = Message(
                    kind=vector["kind"],
                    lane=vector["lane"],
                    flags=vector["flags"],
                    session=int(vector["session"]),
                    sequence=int(vector["sequence"]),
                    correlation=int(vector["correlation"]),
                    timeout=int(vector["timeoutMilliseconds"]),
                    argument=int(vector["argument"]),
                    trace=bytes.fromhex(vector["trace"]),
                    key=bytes.fromhex(vector["key"]),
                    subject=vector["subject"],
                    body=vector["body"].encode(),
                    attachments=[bytes.fromhex(part) for part in vector["attachments"]],
                )
                self.assertEqual(decode(parts, vector["lane"], LIMITS), expected)
                self.assertEqual(expected.parts(), parts)

    def test_invalid_vectors_are_refused_for_their_reason(self):
        self.assertGreater(len(VECTORS["invalid"]), 30)
        for vector in VECTORS["invalid"]:
            with self.subTest(vector["name"]):
                with self.assertRaises(Defect) as caught:
                    decode([bytes.fromhex(part) for part in vector["parts"]], vector["lane"], LIMITS)
                self.assertEqual(caught.exception.label, vector["defect"])

    def test_the_file_is_what_make_vectors_writes(self):
        self.assertEqual(VECTORS, make_vectors.document())


if __name__ == "__main__":
    unittest.main()
