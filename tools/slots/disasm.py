# SPDX-License-Identifier: GPL-2.0
"""objdump, asked only for the instructions that matter here.

A stripped image has no symbols, and objdump's linear sweep runs out of step where
it meets bytes that it does not know. So it gets an ELF file made for it, with a
label at each function and each known place: it starts afresh at every label.
"""

import os
import re
import struct
import subprocess
import tempfile

MNEMONICS = ("cli|sti|pushf|popf|iret|hlt|mwait|swapgs|lidt|lgdt|lldt|ltr|invpcid|"
	     "wrmsr|wrgsbase|wrfsbase|xsetbv|clgi|stgi|vmrun|vmlaunch|vmresume")
# C functions that entry code calls, the inner ones that those call, and others of which
# Keel redirects a call.
ENTRIES = ("(__)?sysvec_\\w+|exc_\\w+|noist_exc_debug|(__)?common_interrupt|"
	   "(__)?spurious_interrupt|update_vsyscall|do_syscall_64|do_SYSENTER_32|"
	   "do_fast_syscall_32|do_int80_emulation|get_stack_info_noinstr|tick_irq_enter|"
	   "__x64_sys_(membarrier|lseek)")
WANTED = "|".join((
	"^[0-9a-f]+ <",			# a label
	"^/.*file format",		# the next file
	rf"	({MNEMONICS})",
	",%cr[034]([ 	]|$)",
	"0xf{8}f[0-9a-f]{4}310",		# ICR2 in the fixmap
	r",%[er](cx|di)([	 ]|$)",	# the number of an MSR or APIC register
	"pv_ops|<native_write_cr",
	f"<({ENTRIES})>$",
))
LABEL = re.compile(r"^[0-9a-f]+ <(.*)>:$")
INSN = re.compile(r"^\s*([0-9a-f]+):\t(.*?)\s*$")
MARK = "%"	# begins a label that is no function

ELF_HEAD = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
PROGBITS, SYMTAB, STRTAB = 1, 2, 3


class Strings:
	"""A string table under construction."""

	def __init__(self):
		self.data = bytearray(1)

	def add(self, text):
		at = len(self.data)
		self.data += text.encode("latin-1") + b"\0"
		return at


def write_elf(f, sections, labels):
	"""An ELF file with code @sections [(name, address, bytes)] and @labels
	[(section number from 1, address, name)]."""
	names, strings = Strings(), Strings()
	symbols = [SYMBOL.pack(0, 0, 0, 0, 0, 0)]
	symbols += [SYMBOL.pack(strings.add(n), 2, 0, s, a, 0) for s, a, n in labels]
	parts = [(n, PROGBITS, 6, a, d, 0, 0, 0) for n, a, d in sections]
	parts.append((".symtab", SYMTAB, 0, 0, b"".join(symbols),
		      len(sections) + 2, len(symbols), SYMBOL.size))
	parts.append((".strtab", STRTAB, 0, 0, bytes(strings.data), 0, 0, 0))
	heads, at = [bytes(SECTION.size)], ELF_HEAD.size
	for name, kind, flags, addr, data, link, info, size in parts:
		heads.append(SECTION.pack(names.add(name), kind, flags, addr, at,
					  len(data), link, info, 16, size))
		at += len(data)
	heads.append(SECTION.pack(names.add(".shstrtab"), STRTAB, 0, 0, at,
				  len(names.data), 0, 0, 1, 0))
	f.write(ELF_HEAD.pack(b"\x7fELF\2\1\1" + bytes(9), 2, 62, 1, 0, 0,
			      at + len(names.data), 0, ELF_HEAD.size, 0, 0,
			      SECTION.size, len(heads), len(heads) - 1))
	for part in parts:
		f.write(part[4])
	f.write(bytes(names.data) + b"".join(heads))
	f.flush()


def lines(args):
	"""Yield objdump's lines that are wanted."""
	with subprocess.Popen(["objdump", "-d", "-w", "--no-show-raw-insn", *args],
			      stdout=subprocess.PIPE) as dump, \
	     subprocess.Popen(["grep", "-E", WANTED], stdin=dump.stdout,
			      stdout=subprocess.PIPE, text=True, encoding="latin-1",
			      env=dict(os.environ, LC_ALL="C")) as grep:
		dump.stdout.close()
		yield from grep.stdout
	if dump.returncode:
		raise RuntimeError(f"objdump: exit status {dump.returncode}")


def code(sections, labels):
	"""Yield (label or None, address, text): the last label, each instruction."""
	with tempfile.NamedTemporaryFile() as f:
		write_elf(f, sections, labels)
		for line in lines([f.name]):
			m = LABEL.match(line)
			if m:
				yield m.group(1), 0, ""
				continue
			m = INSN.match(line)
			if m:
				yield None, int(m.group(1), 16), m.group(2)


def files(paths):
	"""Yield (path or None, label or None, text) for object files, relocations
	behind the instructions that they change."""
	for line in lines(["-r", *paths]):
		m = LABEL.match(line)
		if m:
			yield None, m.group(1), ""
		elif "file format" in line:
			yield line.split(": ")[0], None, ""
		else:
			m = INSN.match(line)
			if m:
				yield None, None, m.group(2)
