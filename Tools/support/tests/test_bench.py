import sys
import tempfile
import unittest
from pathlib import Path

from bench import registry
from bench.measure import MeasureError, measure
from bench.table import render


def command(*records: str) -> list[str]:
    return [sys.executable, "-c", "print('\\n'.join(%r))" % (list(records),)]


def line(value: float, variant: str = "") -> str:
    return '{"benchmark": "bus.sample", "variant": "%s", "value": %s, "unit": "us"}' % (variant, value)


class MeasureTests(unittest.TestCase):
    def run_entry(self, **fields):
        entry = {"name": "bus.sample", "summary": "a sample", "better": "lower", **fields}
        with tempfile.TemporaryDirectory() as folder:
            return measure(registry.parse(entry), {}, Path(folder), runs=3)

    def test_ratio_above_one_means_ours_is_better_when_lower_is_better(self):
        rows = self.run_entry(command=command(line(2)), peers=[{"name": "raw", "command": command(line(3))}])
        self.assertEqual([(row["peer"], row["ratio"], row["runs"]) for row in rows], [("raw", 1.5, 3)])

    def test_ratio_above_one_means_ours_is_better_when_higher_is_better(self):
        rows = self.run_entry(better="higher", command=command(line(2)), peers=[{"name": "raw", "command": command(line(4))}])
        self.assertEqual(rows[0]["ratio"], 0.5)

    def test_variants_are_paired_with_their_own(self):
        rows = self.run_entry(
            command=command(line(1, "small"), line(10, "large")),
            peers=[{"name": "raw", "command": command(line(20, "large"), line(4, "small"))}])
        self.assertEqual({row["variant"]: row["ratio"] for row in rows}, {"small": 4, "large": 2})

    def test_a_command_may_measure_its_peers_itself(self):
        own = '{"benchmark": "bus.sample", "variant": "", "value": 2, "unit": "s", "peer": "%s", "peerValue": %s}'
        rows = self.run_entry(command=command(own % ("rsync", 3), own % ("tcp", 1)))
        self.assertEqual({row["peer"]: row["ratio"] for row in rows}, {"rsync": 1.5, "tcp": 0.5})

    def test_limit_stands_in_as_a_peer(self):
        rows = self.run_entry(command=command(line(20)), limit=40)
        self.assertEqual([(row["peer"], row["peerValue"], row["ratio"]) for row in rows], [("limit", 40, 2)])

    def test_figure_without_a_peer_is_still_shown(self):
        rows = self.run_entry(command=command(line(20)))
        self.assertEqual([(row["peer"], row["ratio"]) for row in rows], [(None, None)])
        self.assertIn("bus.sample", render(rows))

    def test_failing_command_is_an_error_with_what_it_said(self):
        with self.assertRaisesRegex(MeasureError, "no such file"):
            self.run_entry(command=[sys.executable, "-c", "import sys; sys.exit('no such file')"])

    def test_command_that_measures_nothing_is_an_error(self):
        with self.assertRaisesRegex(MeasureError, "no measurement"):
            self.run_entry(command=command("hello"))


class RegistryTests(unittest.TestCase):
    def test_the_project_registry_reads(self):
        root = Path(__file__).resolve().parents[3]
        known = registry.load(root)
        names = [benchmark.name for benchmark in known.benchmarks]
        self.assertEqual(len(names), len(set(names)))
        for name in known.c_peers:
            self.assertTrue((root / "Benchmarks" / "peers" / f"{name}.c").exists(), name)

    def test_what_a_script_starts_by_itself_is_built(self):
        root = Path(__file__).resolve().parents[3]
        known = registry.load(root)
        for benchmark in known.benchmarks:
            scripts = [root / word.removeprefix("{root}/") for word in benchmark.command if word.endswith(".py")]
            texts = "".join(path.read_text() for script in scripts for path in script.parent.glob(f"{script.stem}*.py"))
            for name in [*known.executables, *known.c_peers]:
                if f'"{name}"' in texts:
                    named = " ".join(word for other in known.benchmarks for word in other.needs if other.command[1:2] == benchmark.command[1:2])
                    self.assertIn(f"/{name}", named, benchmark.name)

    def test_misspelt_field_is_refused_by_name(self):
        with self.assertRaisesRegex(registry.RegistryError, "comand"):
            registry.parse({"name": "bus.sample", "summary": "", "better": "lower", "comand": []})
