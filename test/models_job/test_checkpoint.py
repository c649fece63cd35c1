"""A checkpoint is whole and of this very job, or it is not used."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from plimsoll_models.job.checkpoint import Checkpoint, Checkpoints, Refused
from plimsoll_models.job.errors import JobError

IDENTITY = "a" * 64
OTHER = "a" * 32 + "b" * 32


class CheckpointTest(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name) / "checkpoints"
        self.kept = Checkpoints(self.folder, IDENTITY)

    def file(self) -> Path:
        return next(self.folder.glob("*/*.checkpoint"))

    def test_gives_back_what_was_saved(self) -> None:
        for payload in (b"", b"one\ntwo", bytes(range(256)) * 100):
            self.kept.save("fold-1", payload, 2.5)
            self.assertEqual(Checkpoints(self.folder, IDENTITY).load("fold-1"), Checkpoint(payload, 2.5))
        self.assertIsNone(self.kept.load("fold-2"))

    def test_is_refused_wherever_it_is_cut(self) -> None:
        self.kept.save("fold-1", b"the model", 1.0)
        whole = self.file().read_bytes()
        for length in range(len(whole)):
            self.file().write_bytes(whole[:length])
            with self.assertRaises(Refused):
                self.kept.load("fold-1")

    def test_is_refused_whichever_byte_is_changed(self) -> None:
        self.kept.save("fold-1", b"the model", 1.0)
        whole = self.file().read_bytes()
        for place in range(len(whole)):
            self.file().write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with self.assertRaises(Refused):
                self.kept.load("fold-1")

    def test_is_refused_for_another_identity_or_unit(self) -> None:
        self.kept.save("fold-1", b"the model", 1.0)
        with self.assertRaises(Refused):
            Checkpoints(self.folder, OTHER).load("fold-1")
        self.file().rename(self.file().with_name("fold-2.checkpoint"))
        with self.assertRaises(Refused):
            self.kept.load("fold-2")

    def test_another_identity_finds_nothing(self) -> None:
        self.kept.save("fold-1", b"the model", 1.0)
        other = Checkpoints(self.folder, "c" * 64)
        self.assertIsNone(other.load("fold-1"))
        self.assertEqual(other.others, 1)

    def test_a_crash_at_any_call_leaves_the_old_or_the_new(self) -> None:
        for call in ("fsync", "replace"):
            self.kept.save("fold-1", b"old", 1.0)
            with mock.patch.object(os, call, side_effect=OSError("no power")), self.assertRaises(OSError):
                self.kept.save("fold-1", b"new", 1.0)
            self.assertEqual(self.kept.load("fold-1"), Checkpoint(b"old", 1.0))

    def test_what_a_killed_process_left_half_written_is_removed(self) -> None:
        part = self.folder / IDENTITY[:32] / ".fold-1.checkpoint.77.part"
        part.write_bytes(b"half")
        Checkpoints(self.folder, IDENTITY)
        self.assertFalse(part.exists())

    def test_the_oldest_of_other_identities_go(self) -> None:
        for number in range(12):
            Checkpoints(self.folder, f"{number:032x}" + "0" * 32)
            os.utime(self.folder / f"{number:032x}", (number, number))
        (self.folder / "notes").mkdir()
        last = Checkpoints(self.folder, "f" * 64)
        self.assertEqual(last.others, 7)
        self.assertEqual(len(list(self.folder.iterdir())), 9)
        self.assertTrue((self.folder / "notes").exists())

    def test_names_that_are_no_file_names_are_refused(self) -> None:
        for name in ("", "../x", "a/b", ".part", "x" * 200, "a\n"):
            with self.subTest(name=name[:10]), self.assertRaises(JobError):
                self.kept.save(name, b"", 0.0)


if __name__ == "__main__":
    unittest.main()
