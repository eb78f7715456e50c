#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs in a terminal, and with somebody at it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from command_line import DUNNAGE, PATIENCE, CommandLineTest, main


class Terminal(CommandLineTest):
    """`-t` under a terminal of the test's own."""

    def in_terminal(self, *words, typed=b"", until=None, rows=40, columns=100):
        """Runs a command in a terminal; types once `until` has been seen. Returns exit code, output and the terminal's
        settings before and after."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        before = termios.tcgetattr(slave)
        process = subprocess.Popen([DUNNAGE, *words], env=self.environment, stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True,
                                   preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        output = b""
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            if time.monotonic() > deadline:
                process.kill()
                self.fail(f"it hangs, having printed {output!r}")
            if select.select([master], [], [], 0.02)[0]:
                output += os.read(master, 4096)
            if typed and (until is None or until in output):
                if callable(typed):
                    typed(process, slave)
                else:
                    os.write(master, typed)
                typed = b""
        after = termios.tcgetattr(slave)
        os.close(slave)
        # Without -i the user's terminal is not raw, so a line may have got two carriage returns.
        return process.returncode, output.replace(b"\r", b"").decode(), before, after

    def test_the_program_has_a_terminal(self):
        code, output, before, after = self.in_terminal("run", "--host", "-t", "sh", "-c",
                                                       "test -t 0 && test -t 2 && tty")
        self.assertEqual(code, 0, output)
        self.assertRegex(output, r"\A/dev/(pts/\d+|console)\r?\n\Z")
        self.assertEqual(before, after)

    def test_output_of_a_terminal_can_be_piped(self):
        self.assertEqual(self.succeed("run", "--host", "-t", "sh", "-c", "test -t 1 && echo yes"), "yes\n")

    def test_a_lot_of_output_arrives_whole(self):
        out = self.dunnage("run", "--host", "-t", "seq", "20000").stdout
        self.assertEqual(out.split(), [str(number) for number in range(1, 20001)])

    def test_what_is_typed_reaches_the_program(self):
        code, output, before, after = self.in_terminal(
            "run", "--host", "-it", "sh", "-c", "echo ready; read line; echo got $line; exit 6", typed=b"cargo\r",
            until=b"ready")
        self.assertEqual(code, 6, output)
        self.assertIn("got cargo\n", output)
        self.assertEqual(output.count("cargo"), 2)  # echoed once, by the container's terminal
        self.assertEqual(before, after)

    def test_control_c_interrupts_the_program_not_the_command(self):
        code, output, before, after = self.in_terminal(
            "run", "--host", "-it", "sh", "-c",
            "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done",
            typed=b"\x03", until=b"ready")
        self.assertEqual(code, 5, output)
        self.assertIn("interrupted", output)
        self.assertEqual(before, after)

    def test_the_window_size_follows(self):
        def resize(process, slave):
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))

        code, output, _, _ = self.in_terminal(
            "run", "--host", "-it", "sh", "-c",
            "until [ \"$(stty size)\" = '40 100' ]; do sleep 0.05; done; trap 'stty size; exit' WINCH; echo ready; "
            "while :; do sleep 0.05; done", typed=resize, until=b"ready")
        self.assertEqual(code, 0, output)
        self.assertIn("50 120", output.split("ready")[-1])

    def test_the_first_window_size_is_that_of_the_user(self):
        code, output, _, _ = self.in_terminal("run", "--host", "-it", "stty", "size", rows=33, columns=77)
        self.assertEqual((code, output.strip()), (0, "33 77"))

    def test_the_terminal_is_restored_when_the_command_is_terminated(self):
        code, output, before, after = self.in_terminal(
            "run", "--host", "-it", "sh", "-c", "trap 'exit 8' TERM; echo ready; while :; do sleep 0.05; done",
            typed=lambda process, slave: process.terminate(), until=b"ready")
        self.assertEqual(code, 8, output)
        self.assertEqual(before, after)

    def test_exec_has_a_terminal_too(self):
        self.detached("--name", "server", "sleep", "1000")
        code, output, before, after = self.in_terminal(
            "exec", "-it", "server", "sh", "-c", "test -t 0 && echo ready; read line; echo got $line",
            typed=b"cargo\r", until=b"ready")
        self.assertEqual(code, 0, output)
        self.assertIn("got cargo\n", output)
        self.assertEqual(before, after)


if __name__ == "__main__":
    main()
