import unittest

from soundness import selftest
from soundness.tree import SwiftSource


class SoundnessTests(unittest.TestCase):
    def test_every_rule_catches_its_planted_violation(self):
        self.assertEqual(selftest.run(), 0)

    def test_comments_and_strings_are_told_apart_from_code(self):
        source = SwiftSource("a.swift", 'let a = "x // no" // yes\nlet b = #"try! "q""# /* in\nside */ + c\n"""\ntry!\n"""\n')
        self.assertNotIn("try!", "\n".join(source.code))
        self.assertIn("// yes", source.comments[0])
        self.assertNotIn("no", source.comments[0])
        self.assertEqual(source.code[2].strip(), "+ c")
        self.assertEqual(len(source.code), len(source.lines))
