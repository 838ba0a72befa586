# SPDX-License-Identifier: GPL-2.0
"""The kernel's own symbol table, read from the image: no boot is needed.

Nothing in a stripped image names the tables. They are found by what they must
look like: the token table has every digit as a token of its own, an index of 256
offsets follows it, and somewhere before it lie the names with their markers.
"""

import struct

DIGITS = b"".join(b"%d\0" % d for d in range(10))
TEXT_TYPES = "tTwW"
MIN_SYMBOLS, MAX_SYMBOLS = 20000, 1 << 20
KERNEL_BASE = 0xffffffff80000000


class KallsymsError(Exception):
	"""No table that makes sense."""


def align(value, size=8):
	return (value + size - 1) // size * size


class Tables:
	"""Offsets in the image's data of what scripts/kallsyms.c wrote."""

	def __init__(self, data):
		self.data = data
		self.tokens_at, self.index_at = self._find_tokens()
		self.tokens = [self._string(self.tokens_at + o) for o in
			       struct.unpack_from("<256H", data, self.index_at)]
		self.num, self.num_at = self._find_names()

	def _string(self, at):
		return self.data[at:self.data.index(b"\0", at)].decode("latin-1")

	def _find_tokens(self):
		at = self.data.find(DIGITS)
		while at >= 0:
			for index in range(align(at), at + 4096, 8):
				offs = struct.unpack_from("<256H", self.data, index)
				if offs[0] == 0 and all(a < b for a, b in
							zip(offs, offs[1:])):
					return at - offs[ord("0")], index
			at = self.data.find(DIGITS, at + 1)
		raise KallsymsError("no token table")

	def _find_names(self):
		"""Their number, padded to 8 bytes, the names, and the markers: where each
		256th name begins."""
		for at in range(self.tokens_at - 8, 0, -8):
			num, pad = struct.unpack_from("<II", self.data, at)
			if pad == 0 and MIN_SYMBOLS <= num <= MAX_SYMBOLS and \
					self._markers_follow(at + 8, num):
				return num, at
		raise KallsymsError("no names")

	def _markers_follow(self, names, num):
		second = self._skip(names, 256)
		if second - names > 256 * 64:
			return False
		end = align(self._skip(second, num - 256))
		return struct.unpack_from("<II", self.data, end) == (0, second - names)

	def _length(self, at):
		"""Length of a name and where it starts: one byte or two."""
		n = self.data[at]
		if n & 0x80:
			return (n & 0x7f) | self.data[at + 1] << 7, at + 2
		return n, at + 1

	def _skip(self, at, count):
		for _ in range(count):
			n, at = self._length(at)
			at += n
		return at

	def _offsets(self):
		"""The address table: before the names until 6.3, behind the tokens since."""
		size = align(4 * self.num)
		behind = align(self.index_at + 512)
		for at, base_at in ((self.num_at - 8 - size, self.num_at - 8),
				    (behind, behind + size)):
			base, = struct.unpack_from("<Q", self.data, base_at)
			if base >= KERNEL_BASE:
				return at, base
		raise KallsymsError("no address table")

	def symbols(self):
		"""Yield (address, type, name) of all."""
		at, base = self._offsets()
		offs = struct.unpack_from(f"<{self.num}i", self.data, at)
		at = self.num_at + 8
		for off in offs:
			n, at = self._length(at)
			name = "".join([self.tokens[c] for c in self.data[at:at + n]])
			at += n
			# below zero: relative; else absolute, per-CPU
			yield (base - 1 - off if off < 0 else off), name[0], name[1:]


def text_symbols(data):
	"""Sorted [(address, name)] of functions."""
	return sorted((a, n) for a, t, n in Tables(data).symbols()
		      if t in TEXT_TYPES)
