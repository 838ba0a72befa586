# SPDX-License-Identifier: GPL-2.0
"""A kernel module file: its slots, as offsets from where its text is loaded.

The tables are the same as those of the image but not relocated yet, so each
address is read from the relocation that stands for it.
"""

import os
import struct

import image

SHF_TEXT = 0x6		# SHF_ALLOC | SHF_EXECINSTR
SHN_LORESERVE = 0xff00


class Module:
	"""Sections, symbols and the layout the module loader will choose."""

	def __init__(self, path):
		with open(path, "rb") as f:
			self.data = f.read()
		if path.endswith(".xz"):
			self.data = image.run_filter(["xz", "-dc"], self.data)
		if self.data[:4] != b"\x7fELF" or self.data[16] != 1:
			raise image.ImageError(f"{path}: not an object file")
		self.name = os.path.basename(path).split(".")[0].replace("-", "_")
		self.heads, self.index = self._read_heads()
		self.symbols = self._read_symbols()
		self.bases = self._lay_out()

	def _read_heads(self):
		shoff, = struct.unpack_from("<Q", self.data, 0x28)
		entsize, num, strndx = struct.unpack_from("<HHH", self.data, 0x3a)
		heads = [struct.unpack_from("<IIQQQQIIQ", self.data,
					    shoff + i * entsize)
			 for i in range(num)]
		index = {}
		for i, head in enumerate(heads):
			at = heads[strndx][4] + head[0]
			end = self.data.index(b"\0", at)
			index[self.data[at:end].decode()] = i
		return heads, index

	def _read_symbols(self):
		head = self.heads[self.index[".symtab"]]
		out = []
		for at in range(head[4], head[4] + head[5], 24):
			_, _, _, shndx, value = struct.unpack_from("<IBBHQ",
								   self.data, at)
			out.append((shndx, value))
		return out

	def _lay_out(self):
		"""Executable sections one after the other; init ones elsewhere."""
		size, bases = 0, {}
		for name, i in sorted(self.index.items(), key=lambda x: x[1]):
			head = self.heads[i]
			if head[2] & SHF_TEXT == SHF_TEXT and \
					not name.startswith(".init"):
				align = head[8] or 1
				bases[i] = (size + align - 1) // align * align
				size = bases[i] + head[5]
		return bases

	def _relocations(self, section):
		"""{offset in section: (section index, offset there)}."""
		out = {}
		if ".rela" + section not in self.index:
			return out
		head = self.heads[self.index[".rela" + section]]
		for at in range(head[4], head[4] + head[5], 24):
			where, info, addend = struct.unpack_from("<QQq",
								 self.data, at)
			shndx, value = self.symbols[info >> 32]
			if 0 < shndx < SHN_LORESERVE:
				out[where] = shndx, value + addend
		return out

	def _bytes(self, section, offset, length):
		at = self.heads[section][4] + offset
		return self.data[at:at + length]

	def slots(self):
		"""Return {offset from the module's text: kind}."""
		if ".parainstructions" in self.index:
			found = self._slots_pv()
		elif ".altinstructions" in self.index:
			found = self._slots_alt()
		else:
			found = {}
		return {self.bases[s] + o: k for (s, o), k in found.items()
			if s in self.bases}

	def _slots_pv(self):
		section = self.index[".parainstructions"]
		found = {}
		for where, place in self._relocations(".parainstructions").items():
			kind = self._bytes(section, where + 8, 1)[0]
			if kind in image.PV_TYPES:
				found[place] = image.PV_TYPES[kind]
		return found

	def _slots_alt(self):
		relocs = self._relocations(".altinstructions")
		section = self.index[".altinstructions"]
		size = self.heads[section][5]
		direct, kinds = set(), {}
		# two relocations per entry; short entries have no slots in them
		if size * 2 != image.ALT.size * len(relocs):
			return {}
		for at in range(0, size, image.ALT.size):
			_, _, flags, _, rlen = image.ALT.unpack(
				self._bytes(section, at, image.ALT.size))
			code = self._bytes(*relocs[at + 4], rlen) if rlen else b""
			if flags & image.ALT_DIRECT_CALL:
				direct.add(relocs[at])
			elif code in image.REPLACEMENT_KINDS:
				kinds[relocs[at]] = image.REPLACEMENT_KINDS[code]
		return {p: k for p, k in kinds.items() if p in direct}
