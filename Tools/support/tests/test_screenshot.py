import importlib.util
import signal
import sys
import unittest
import xml.etree.ElementTree

HAS_PYTE = importlib.util.find_spec("pyte") is not None


@unittest.skipUnless(HAS_PYTE, "pyte is not installed; Tools/bootstrap --python installs it")
class ScreenshotTests(unittest.TestCase):
    def picture(self, code: str, **options) -> str:
        import screenshot

        command = [sys.executable, "-u", "-c", code]
        screen = screenshot.record(command, columns=40, rows=5, until=options.get("until"))
        return screenshot.svg(screenshot.lines(screen), 40, "a command")

    def test_shows_colours_and_what_scrolled_away(self):
        made = self.picture("print('first'); print('\\033[32mgreen\\033[0m <plain>'); print('\\n' * 9 + 'last')")
        texts = {element.text: element.attrib for element in xml.etree.ElementTree.fromstring(made)}
        self.assertIn("first", texts)
        self.assertIn("last", texts)
        self.assertEqual(texts["green"]["fill"], "#4ade80")
        self.assertIn("<plain>", texts)

    def test_a_line_that_was_drawn_over_shows_what_was_drawn_last(self):
        made = self.picture("print('half done\\r\\033[Kdone')")
        self.assertIn(">done<", made)
        self.assertNotIn("half", made)

    def test_ends_a_command_also_where_interrupts_are_ignored(self):
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        self.test_ends_a_command_that_stays_up()

    def test_ends_a_command_that_stays_up(self):
        made = self.picture("import time; print('ready')\nwhile True: time.sleep(0.05)", until="ready")
        self.assertIn(">ready<", made)

    def test_a_command_that_fails_makes_no_picture(self):
        with self.assertRaises(SystemExit) as told:
            self.picture("print('no disk'); exit(3)")
        self.assertIn("status 3", str(told.exception))
        self.assertIn("no disk", str(told.exception))
