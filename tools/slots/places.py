# SPDX-License-Identifier: GPL-2.0
"""All places of a kernel and its modules that Keel has to have an answer for.

A place is a function and a word for what it does there: a slot, or outside slots a
raw flag instruction, a halt, a swapgs, a change of a control register, descriptor
table or segment base, a two-word ICR write, a write of an MSR that Keel shares.
"""

import bisect
import concurrent.futures
import lzma
import os
import re
import struct
import tempfile
from collections import Counter, defaultdict

import disasm
import image
import kallsyms

WORDS = [(re.compile(p), w) for p, w in (
	(r"cli\b", "cli"), (r"sti\b", "sti"), (r"popf", "popf"), (r"pushf", "pushf"),
	(r"iret", "iret"), (r"hlt", "hlt"), (r"mwait", "mwait"), (r"clgi", "clgi"),
	(r"stgi", "stgi"), (r"vmrun|vmlaunch|vmresume", "guest"),
	(r"swapgs", "swapgs"), (r"lidt", "lidt"), (r"lgdt", "lgdt"), (r"lldt", "lldt"),
	(r"ltr\b", "ltr"), (r"invpcid", "invpcid"), (r"wrfsbase", "fsbase"),
	(r"wrgsbase", "gsbase"), (r"xsetbv", "xcr0"),
	(r"mov\s+%\w+,%cr0\b", "cr0"), (r"mov\s+%\w+,%cr3\b", "cr3"),
	(r"mov\s+%\w+,%cr4\b", "cr4"),
	# a store to ICR2 in the fixmap, or its register number as argument
	(r"mov\s+[%$]\w+,0xf{8}f[0-9a-f]{4}310", "icr2"),
	(r"mov\s+\$0x310,%edi\b", "icr2?"),
	# register writers called by name
	(r"(call|jmp)\s.*<native_write_cr0>", "cr0"),
	(r"(call|jmp)\s.*<native_write_cr3>", "cr3"),
	(r"(call|jmp)\s.*<native_write_cr4>", "cr4"),
	# what entry code calls: Keel redirects it
	(rf"(call|jmp)\s.*<({disasm.ENTRIES})>", "entry"),
)]
# An APIC's end of interrupt has no mark of its own, and who wakes ksoftirqd calls what many do: known by
# name.
NAMED = {"native_apic_mem_eoi": "eoi", "native_apic_msr_eoi": "eoi",
	 "native_apic_msr_eoi_write": "eoi", "handle_softirqs": "entry"}
# Members of pv_ops by number: what boot code makes of a call through them.
PV_WORDS = {4: "cr0", 5: "cr4", 6: "ltr", 7: "lgdt", 8: "lidt", 9: "lldt", 12: "gsindex",
	    24: "wrmsr", 26: "wrmsr", 33: "halt", 34: "hlt", 45: "cr3"}
PV_CALL = re.compile(r"(call|jmp)\s+\*.*\bpv_ops(?:\+0x([0-9a-f]+))?(>?)")
# What the processor and Keel share. Other MSRs are single writes, around which an
# NMI may come anyway; Keel neither reads nor writes them.
MSRS = {0x10: "tsc", 0x1b: "apicbase", 0x3b: "tsc_adjust", 0x6e0: "deadline",
	0x80b: "x2apic_eoi", 0x830: "x2apic_icr", 0x832: "x2apic_lvtt",
	0x838: "x2apic_tmict", 0x83f: "x2apic_self", 0x174: "sysenter", 0x175: "sysenter",
	0x176: "sysenter", 0x1c4: "xfd", 0x277: "pat", 0x6a0: "cet", 0x6a2: "cet",
	0xda0: "xss", 0xc0000080: "efer", 0xc0000081: "syscall", 0xc0000082: "syscall",
	0xc0000083: "syscall", 0xc0000084: "syscall", 0xc0000100: "fsbase",
	0xc0000101: "gsbase", 0xc0000102: "kernel_gsbase", 0xc0000103: "tsc_aux"}
MSRS.update({n: "x2apic" for n in range(0x802, 0x840) if n not in MSRS})
MSRS.update({n: "cet" for n in range(0x6a4, 0x6a9)})
SETS = re.compile(r"(\w+)\s+(?:\$(0x[0-9a-f]+)|.*),%[er](cx|di)\b")
REACH = 24	# a number set longer ago, in wanted instructions, is not told
NEAR = 160	# the same in bytes, for a wrmsr of an alternative

# The compiler's own suffixes differ from build to build.
SUFFIX = re.compile(r"\.(isra|part|constprop|cold|llvm)\b.*")
MARKERS = re.compile(r"__pfx_|__\w+_(start|end|begin)$|_s?text$|_stext$")
BATCH = 128
REPLACEMENTS = ".altinstr_replacement"


def plain(name):
	return SUFFIX.sub("", name)


class Names:
	"""Function names of an image by address."""

	def __init__(self, img):
		names = defaultdict(set)
		for addr, name in kallsyms.text_symbols(img.data):
			if img.in_text(addr):
				names[addr].add(name)
		self.starts = sorted(names)
		self.names = {a: self._choose(n) for a, n in names.items()}
		self.aliases = {plain(n): self.names[a] for a in self.starts
				for n in names[a]}

	@staticmethod
	def _choose(names):
		real = [n for n in names if not MARKERS.match(n)] or names
		return plain(min(real))

	def at(self, addr):
		i = bisect.bisect_right(self.starts, addr) - 1
		return self.names[self.starts[i]] if i >= 0 else "?"


class Reader:
	"""Words, one instruction after the other; remembers the last MSR number."""

	def __init__(self):
		self.forget()
		self.history = []	# of cx: (address, number)

	def forget(self):
		self.number, self.age = {}, 0

	def _msr(self, register):
		number, age = self.number.get(register, (None, 0))
		known = number is not None and self.age - age <= REACH
		if not known:
			return "wrmsr:?"
		return "wrmsr:" + MSRS[number] if number in MSRS else None

	def msr_before(self, addr):
		"""The word for a wrmsr that an alternative puts at @addr."""
		i = bisect.bisect_left(self.history, (addr, 0)) - 1
		at, number = self.history[i] if i >= 0 else (0, -1)
		if at < addr - NEAR or number < 0:
			return "wrmsr:?"
		return "wrmsr:" + MSRS[number] if number in MSRS else None

	def word(self, text, addr=0):
		self.age += 1
		word = self._word(text)
		m = SETS.match(text)
		if m:
			value = int(m.group(2), 16) if m.group(2) else None
			if m.group(1) != "mov":
				value = None
			self.number[m.group(3)] = value, self.age
			if m.group(3) == "cx":
				self.history.append((addr, -1 if value is None else value))
		return word

	def _word(self, text):
		m = PV_CALL.match(text)
		if m:
			# a relocation counts from the end of the instruction
			offset = int(m.group(2) or "0", 16) + (0 if m.group(3) else 4)
			kind = image.PV_TYPES.get(offset // 8)
			if kind:
				return "slot:" + kind
			word = PV_WORDS.get(offset // 8)
			return self._msr("di") if word == "wrmsr" else word
		if text.startswith("wrmsr"):
			return self._msr("cx")
		return next((w for pat, w in WORDS if pat.match(text)), None)


def pv_base(img):
	"""pv_ops lies where the calls of the `cli` slots point, less its index."""
	index = next(i for i, k in image.PV_TYPES.items() if k == "cli")
	targets = Counter()
	for addr, kind in img.slots().items():
		if kind == "cli":
			disp, = struct.unpack("<i", img.bytes_at(addr + 2, 4))
			targets[addr + image.SLOT_LEN + disp] += 1
	return targets.most_common(1)[0][0] - 8 * index


def labels(img, names):
	"""Where objdump starts afresh: functions, slots, replacements, pv_ops."""
	out = {a: (1, a, n) for a, n in names.names.items()}
	for addr in img.slots():
		out.setdefault(addr, (1, addr, disasm.MARK))
	for _, _, repl, code, _ in img.alternatives():
		if code:
			out[repl] = 2, repl, disasm.MARK
	out[0] = 3, pv_base(img), "pv_ops"
	return [out[a] for a in sorted(out)]


def texts(img, names, end):
	"""Yield (address, label or None, instruction) of text and replacements."""
	sections = []
	for name in (".text", ".altinstr_replacement"):
		addr, off, size = img.sections[name]
		if img.in_text(addr):
			size = min(size, end - addr)
		sections.append((name, addr, img.data[off:off + size]))
	sections.append((".pv", pv_base(img), bytes(512)))
	for label, addr, text in disasm.code(sections, labels(img, names)):
		yield addr, label, text


def image_places(img, end=1 << 64):
	"""{function: Counter of words} of an image, or of its text before @end; slots are
	words too."""
	names, slots, reader = Names(img), img.slots(), Reader()
	places, replaced = defaultdict(Counter), {}
	for addr, label, text in texts(img, names, end):
		if label:
			if label != disasm.MARK:
				reader.forget()
			continue
		word = reader.word(text, addr)
		if word and addr not in slots:
			if img.in_text(addr):
				places[names.at(addr)][word.replace("icr2?", "icr2")] += 1
			else:
				replaced[addr] = word
	for addr, words in alternative_words(img, replaced).items():
		for word in words:
			if word == "wrmsr:?":
				word = reader.msr_before(addr)
			if word:
				places[names.at(addr)][word] += 1
	for addr, kind in slots.items():
		places[names.at(addr)]["slot:" + kind] += 1
	for name in set(names.names.values()) & set(NAMED):
		places[name][NAMED[name]] += 1
	return places


def alternative_words(img, replaced):
	"""{address in .text: words} for code that alternatives bring in."""
	found, order, slots = defaultdict(set), sorted(replaced), img.slots()
	for addr, _, repl, code, _ in img.alternatives():
		if addr in slots or not img.in_text(addr):
			continue
		for at in order[bisect.bisect_left(order, repl):]:
			if at >= repl + len(code):
				break
			found[addr].add(replaced[at])
	return found


def module_name(path):
	return os.path.basename(path).split(".")[0].replace("-", "_")


def batch_places(paths):
	"""{module:function: Counter of words} of some module files."""
	places, reader, module, function = defaultdict(Counter), Reader(), "", ""
	with tempfile.TemporaryDirectory() as tmp:
		files = [unpacked(p, tmp) for p in paths]
		for path, label, text in disasm.files(files):
			if path:
				module = module_name(path)
			elif label:
				function = plain(label)
				reader.forget()
			else:
				word = reader.word(text)
				if word and word != "icr2?":	# just a number there
					places[f"{module}:{function}"][word] += 1
	return {name: left for name, words in places.items()
		if (left := without_replacements(name, words, places))}


def without_replacements(name, words, places):
	"""What alternatives bring in are the slots themselves, seen already. Whatever
	there is more of the same is a place of its own."""
	if not name.endswith(":" + REPLACEMENTS):
		return words
	module, left = name.split(":")[0] + ":", Counter(words)
	for other, has in places.items():
		if other.startswith(module):
			left.subtract({"cli": has["slot:cli"], "sti": has["slot:sti"],
				       "pushf": has["slot:save"]})
	return +left


def unpacked(path, tmp):
	if not path.endswith(".xz"):
		return os.path.abspath(path)
	out = os.path.join(tmp, os.path.basename(path)[:-3])
	with lzma.open(path) as src, open(out, "wb") as dst:
		dst.write(src.read())
	return out


def module_files(top):
	found = [os.path.join(d, f) for d, _, files in os.walk(top) for f in files
		 if f.endswith((".ko", ".ko.xz"))]
	if not found:
		raise image.ImageError(f"{top}: no module in it")
	return sorted(found)


def modules_places(top, jobs):
	"""The same for all modules below @top."""
	paths, places = module_files(top), {}
	batches = [paths[i:i + BATCH] for i in range(0, len(paths), BATCH)]
	with concurrent.futures.ProcessPoolExecutor(jobs) as pool:
		for part in pool.map(batch_places, batches):
			for name, words in part.items():
				places.setdefault(name, Counter()).update(words)
	return places
