# SPDX-License-Identifier: GPL-2.0
"""A packaged kernel image, opened: ELF sections, alternatives, slots, code.

The slots come from the tables that the kernel's own boot code patches by,
so they are exact. The run-time scan has no such tables (they are freed after
boot) and is checked against these.
"""

import functools
import struct
import subprocess

ALT_DIRECT_CALL = 1 << 17	# ALT_FLAG_DIRECT_CALL, from 6.7 on
REPLACEMENT_KINDS = {b"\xfa": "cli", b"\xfb": "sti", b"\x9c\x58": "save"}
PV_TYPES = {30: "save", 31: "cli", 32: "sti"}
# struct alt_instr; the feature number grew to 32 bits when flags joined it
ALT_6_1 = struct.Struct("<iiHBB")
ALT = struct.Struct("<iiIBB")
SLOT_LEN = 6


class ImageError(Exception):
	"""The file is not what this tool understands."""


def unpack(path):
	"""Return the ELF image inside a bzImage; an ELF file returns as it is."""
	with open(path, "rb") as f:
		data = f.read()
	if data[:4] == b"\x7fELF":
		return data
	if data[0x202:0x206] != b"HdrS":
		raise ImageError(f"{path}: neither bzImage nor ELF")
	setup_sects = data[0x1f1] or 4
	offset, length = struct.unpack_from("<II", data, 0x248)
	start = (setup_sects + 1) * 512 + offset
	# the last four bytes are the unpacked size, not part of the stream
	payload = data[start:start + length - 4]
	for magic, tool in ((b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"),
			    (b"\x1f\x8b", "gzip")):
		if payload.startswith(magic):
			return run_filter([tool, "-dc"], payload)
	raise ImageError(f"{path}: unknown payload compression")


def run_filter(cmd, data):
	done = subprocess.run(cmd, input=data, stdout=subprocess.PIPE,
			      check=False)
	if done.stdout[:4] != b"\x7fELF":
		raise ImageError(f"{cmd[0]}: no ELF image came out")
	return done.stdout


class Image:
	"""Sections by name, and what the patching tables say."""

	def __init__(self, path, data=None):
		self.data = data or unpack(path)
		self.sections = self._read_sections()
		if ".text" not in self.sections:
			raise ImageError(f"{path}: no .text")
		self.text_start, _, size = self.sections[".text"]
		self.text_end = self.text_start + size

	def _read_sections(self):
		shoff, = struct.unpack_from("<Q", self.data, 0x28)
		entsize, num, strndx = struct.unpack_from("<HHH", self.data, 0x3a)
		heads = [struct.unpack_from("<IIQQQQ", self.data, shoff + i * entsize)
			 for i in range(num)]
		names = heads[strndx][4]
		out = {}
		for name, _, _, addr, off, size in heads:
			end = self.data.index(b"\0", names + name)
			out[self.data[names + name:end].decode()] = (addr, off, size)
		return out

	def in_text(self, addr):
		return self.text_start <= addr < self.text_end

	def has_pv_table(self):
		return ".parainstructions" in self.sections

	def offset_of(self, addr):
		for base, off, size in self.sections.values():
			if base and base <= addr < base + size:
				return off + addr - base
		raise ImageError(f"address {addr:#x} is in no section")

	def bytes_at(self, addr, length):
		at = self.offset_of(addr)
		return self.data[at:at + length]

	def alternatives(self):
		"""Yield (address, length, replacement address, bytes, flags)."""
		base, off, size = self.sections[".altinstructions"]
		entry = ALT_6_1 if self.has_pv_table() else ALT
		if size % entry.size:
			raise ImageError(".altinstructions: unknown entry size")
		for at in range(0, size, entry.size):
			orig, repl, flags, olen, rlen = entry.unpack_from(
				self.data, off + at)
			raddr = base + at + 4 + repl
			code = self.bytes_at(raddr, rlen) if rlen else b""
			yield base + at + orig, olen, raddr, code, flags

	@functools.cache
	def slots(self):
		"""Return {address: kind} for .text, from the table at hand."""
		if self.has_pv_table():
			found = self._slots_pv()
		else:
			found = self._slots_alt()
		return {a: k for a, k in found.items() if self.in_text(a)}

	def _slots_pv(self):
		_, off, size = self.sections[".parainstructions"]
		found = {}
		for at in range(off, off + size, 16):
			addr, kind, length = struct.unpack_from("<QBB", self.data, at)
			if kind in PV_TYPES:
				self._check_slot(addr, length, kind)
				found[addr] = PV_TYPES[kind]
		self._cross_check(found)
		return found

	def _cross_check(self, found):
		"""6.1 names most slots twice: both tables must say the same."""
		for addr, length, _, code, _ in self.alternatives():
			kind = REPLACEMENT_KINDS.get(code)
			if kind and length == SLOT_LEN and found.get(addr) != kind:
				raise ImageError(f"{addr:#x}: tables disagree")

	def _slots_alt(self):
		direct, kinds = set(), {}
		for addr, length, _, code, flags in self.alternatives():
			if flags & ALT_DIRECT_CALL:
				direct.add(addr)
			elif code in REPLACEMENT_KINDS:
				self._check_slot(addr, length, None)
				kinds[addr] = REPLACEMENT_KINDS[code]
		return {a: k for a, k in kinds.items() if a in direct}

	def _check_slot(self, addr, length, kind):
		"""The unpatched bytes are an indirect call through pv_ops."""
		code = self.bytes_at(addr, SLOT_LEN)
		if length != SLOT_LEN or code[:2] != b"\xff\x15":
			raise ImageError(f"{addr:#x}: no call through pv_ops")
