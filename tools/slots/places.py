# SPDX-License-Identifier: GPL-2.0
"""Places of a kernel image that an interrupt-flag slot does not tell of.

A place is a function and a word for what it does: a raw flag instruction, a
swapgs, a control register or descriptor table change, a two-word ICR write.
wrmsr is left out: each is one instruction and an NMI may hit around it anyway.
"""

import bisect
import re
import struct
from collections import Counter, defaultdict

import image

WORDS = [(re.compile(p), w) for p, w in (
	(r"cli\b", "cli"), (r"sti\b", "sti"), (r"popf", "popf"),
	(r"swapgs", "swapgs"), (r"lidt", "lidt"), (r"lgdt", "lgdt"),
	(r"ltr\b", "ltr"), (r"invpcid", "invpcid"),
	(r"mov\s+%\w+,%cr0$", "cr0"), (r"mov\s+%\w+,%cr3$", "cr3"),
	(r"mov\s+%\w+,%cr4$", "cr4"),
	# a store to ICR2 in the fixmap, or its register number as argument
	(r"mov\s+%\w+,0xf{8}f?[0-9a-f]+310$", "icr2"),
	(r"mov\s+\$0x310,%edi$", "icr2"),
)]
# Calls that boot code turns into one of the above: index into pv_ops.
PV_WORDS = {4: "cr0", 5: "cr4", 6: "ltr", 7: "lgdt", 8: "lidt"}
WRITERS = {"native_write_cr0": "cr0", "native_write_cr3": "cr3",
	   "native_write_cr4": "cr4"}
# The compiler's own suffixes differ from build to build.
SUFFIX = re.compile(r"\.(isra|part|constprop|cold)\b.*")
MARKERS = re.compile(r"__pfx_|__\w+_(start|end|begin)$|_s?text$|_stext$")


class Names:
	"""Function names by address."""

	def __init__(self, path, img):
		names = defaultdict(list)
		for addr, name in image.read_symbols(path):
			if img.in_text(addr):
				names[addr].append(name)
		if not names:
			raise image.ImageError(f"{path}: no kernel text symbol; "
					       "taken with nokaslr, as root?")
		self.starts = sorted(names)
		self.names = {a: self._choose(n) for a, n in names.items()}

	@staticmethod
	def _choose(names):
		real = [n for n in names if not MARKERS.match(n)] or names
		return SUFFIX.sub("", min(real))

	def at(self, addr):
		i = bisect.bisect_right(self.starts, addr) - 1
		return self.names[self.starts[i]] if i >= 0 else "?"


def word_for(text):
	return next((w for pat, w in WORDS if pat.match(text)), None)


def slot_counts(img, names):
	"""{function: "cli/sti/save"} as three numbers."""
	count = defaultdict(Counter)
	for addr, kind in img.slots().items():
		count[names.at(addr)][kind] += 1
	return {f: f"{c['cli']}/{c['sti']}/{c['save']}" for f, c in count.items()}


def pv_base(img):
	"""pv_ops lies where any `cli` slot's call points, less its index."""
	addr = next(a for a, k in img.slots().items() if k == "cli")
	disp, = struct.unpack("<i", img.bytes_at(addr + 2, 4))
	index = next(i for i, k in image.PV_TYPES.items() if k == "cli")
	return addr + image.SLOT_LEN + disp - 8 * index


def call_word(addr, code, base, names):
	"""The word for a call through pv_ops or to a register writer."""
	if code[:2] == b"\xff\x15":
		disp, = struct.unpack("<i", code[2:6])
		return PV_WORDS.get((addr + 6 + disp - base) // 8)
	if code[:1] in (b"\xe8", b"\xe9") and len(code) == 5:
		disp, = struct.unpack("<i", code[1:])
		return WRITERS.get(names.at(addr + 5 + disp))
	return None


def replacement_words(img):
	"""{address in .text: words} for code that alternatives bring in."""
	texts = {a: (len(b), t) for a, b, t in
		 img.disassemble(".altinstr_replacement")}
	found = defaultdict(set)
	slots = img.slots()
	for addr, _, repl, code, _ in img.alternatives():
		at = repl
		while addr not in slots and at in texts and at < repl + len(code):
			size, text = texts[at]
			found[addr].add(word_for(text))
			at += size
	return found


def find_places(img, names):
	"""{(function, word): [addresses]}."""
	places = defaultdict(list)
	base, slots = pv_base(img), img.slots()
	for addr, code, text in img.disassemble(".text",
						names.starts + list(slots)):
		word = word_for(text) or call_word(addr, code, base, names)
		if word and addr not in slots:
			places[names.at(addr), word].append(addr)
	for addr, words in replacement_words(img).items():
		for word in words - {None}:
			if img.in_text(addr):
				places[names.at(addr), word].append(addr)
	return places
