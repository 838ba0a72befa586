# SPDX-License-Identifier: GPL-2.0
"""Does the audit see what it is there to see? Places are planted in copies of the image
and of a module, lines of the list and rows of the table are taken away: every one of
these must be an error."""

import os
import re
import struct
import subprocess
import tempfile
from collections import Counter

import image
import places
import reviewed

PLANTS = {
	"cli": "fa", "sti": "fb", "popf": "9d", "pushf": "9c", "iret": "48cf",
	"hlt": "f4", "mwait": "0f01c9", "clgi": "0f01dd", "stgi": "0f01dc",
	"guest": "0f01d8", "swapgs": "0f01f8", "lidt": "0f0118", "lgdt": "0f0110",
	"lldt": "0f00d0", "ltr": "0f00d8", "invpcid": "660f388200",
	"fsbase": "f3480faed0", "gsbase": "f3480faed8", "xcr0": "0f01d1",
	"cr0": "0f22c0", "cr3": "0f22d8", "cr4": "0f22e0", "icr2": "89042510d35fff",
	"wrmsr:x2apic_icr": "b9300800000f30", "wrmsr:deadline": "b9e00600000f30",
	"wrmsr:gsbase": "b9010100c00f30", "wrmsr:?": "0f30",
}
MODULE_PLANTS = ("cli", "sti", "popf", "swapgs", "cr4")
PV_PLANTS = {33: "halt", 12: "gsindex", 5: "cr4"}
NOP = b"\x90"


def plain_functions(names, found):
	"""Functions of middling size with no place in them, by address and size."""
	once = Counter(names.names.values())
	for start, end in zip(names.starts, names.starts[1:]):
		name = names.names[start]
		if 48 <= end - start <= 256 and name not in found and once[name] == 1 \
				and not places.MARKERS.match(name):
			yield start, end - start, name


def codes(img, names):
	"""(word, function of the address giving its code) of all kinds."""
	for word, code in PLANTS.items():
		yield word, lambda addr, c=code: bytes.fromhex(c)
	base = places.pv_base(img)
	for index, word in PV_PLANTS.items():
		yield word, lambda addr, t=base + 8 * index: \
			b"\xff\x15" + struct.pack("<i", t - addr - 6)
	target = next(a for a, n in names.names.items() if n == "exc_page_fault")
	yield "entry", lambda addr: b"\xe8" + struct.pack("<i", target - addr - 5)


def plant_code(img, names, data, found):
	"""Replace functions by one place each; [(function, word)] and the end of the last."""
	planted, victims, end = [], plain_functions(names, found), 0
	for word, code in codes(img, names):
		addr, size, name = next(victims)
		at = img.offset_of(addr)
		data[at:at + size] = code(addr).ljust(size, NOP)
		planted.append((name, word))
		end = addr + size
	return planted, end


def plant_slot(img, names, data):
	"""Make another paravirt call a cli slot in the table; (function, word)."""
	if img.has_pv_table():
		_, off, size = img.sections[".parainstructions"]
		for at in range(off, off + size, 16):
			addr, kind, length = struct.unpack_from("<QBB", data, at)
			if length == image.SLOT_LEN and kind not in image.PV_TYPES and \
					img.in_text(addr) and not alternative_at(img, addr):
				data[at + 8] = 31
				return names.at(addr)
	base, off, _ = img.sections[".altinstructions"]
	entries = list(img.alternatives())
	cli = next(r for a, _, r, c, _ in entries
		   if img.slots().get(a) == "cli" and c == b"\xfa")
	call = next(a for a, n, _, _, f in entries if f & image.ALT_DIRECT_CALL and
		    img.in_text(a) and a not in img.slots() and
		    img.bytes_at(a, 2) == b"\xff\x15")
	# another entry, of a feature that matters to nobody here, changes sides
	i = next(i for i, (a, _, _, c, f) in enumerate(entries)
		 if not f & image.ALT_DIRECT_CALL and a not in img.slots() and not c)
	at = i * image.ALT.size
	image.ALT.pack_into(data, off + at, call - base - at, cli - base - at - 4, 0,
			    image.SLOT_LEN, 1)
	return names.at(call)


def alternative_at(img, addr):
	return any(a == addr for a, *_ in img.alternatives())


def image_test(img, found, said):
	"""Yield what was planted in the image and not told."""
	names, data = places.Names(img), bytearray(img.data)
	planted, end = plant_code(img, names, data, found)
	slotted = plant_slot(img, names, data)
	copy = image.Image("the planted copy", bytes(data))
	now = reviewed.words_of(places.image_places(copy, end))
	told = list(reviewed.compare(now, {f: w for f, w in said.words.items()
					   if ":" not in f}))
	for function, word in planted:
		if f"{function} {word}: 1 not reviewed" not in told:
			yield f"planted {word} in {function}: not found"
	if not any(re.match(rf"{re.escape(slotted)} slots=.* not reviewed", t) for t in told):
		yield f"planted slot in {slotted}: not found"


def functions_of(path):
	"""[(offset in the file, size, name)] of functions in .text of an object file."""
	heads = subprocess.run(["objdump", "-h", "-t", path], capture_output=True,
			       text=True, check=True).stdout
	base = int(re.search(r"\.text +\w+ +\w+ +\w+ +(\w+)", heads).group(1), 16)
	return sorted((base + int(a, 16), int(s, 16), n) for a, s, n in
		      re.findall(r"^(\w+) .{6}F \.text\s+(\w+) (\S+)$", heads, re.M))


def module_test(top):
	"""Yield what was planted in a copy of a module and not told."""
	with tempfile.TemporaryDirectory() as tmp:
		path = next(p for p in places.module_files(top)
			    if places.module_name(p) == "e1000")
		path = places.unpacked(path, tmp)
		before = reviewed.words_of(places.batch_places([path]))
		victims = [f for f in functions_of(path) if f[1] >= 48]
		with open(path, "rb") as f:
			data = bytearray(f.read())
		planted = []
		for word, (at, size, name) in zip(MODULE_PLANTS, victims):
			data[at:at + size] = bytes.fromhex(PLANTS[word]).ljust(size, NOP)
			planted.append((f"e1000:{name}", word))
		path = os.path.join(tmp, "e1000.ko")
		with open(path, "wb") as f:
			f.write(data)
		now = reviewed.words_of(places.batch_places([path]))
		told = list(reviewed.compare(now, before))
		for function, word in planted:
			if f"{function} {word}: 1 not reviewed" not in told:
				yield f"planted {word} in {function}: not found"


def list_test(found, said):
	"""Yield words that could be missing from the list, or be one more, untold."""
	for function, answers in said.words.items():
		for word, (number, _) in answers.items():
			less = {w: a for w, a in answers.items() if w != word}
			have = {function: found.get(function, {})}
			if not list(reviewed.compare(have, {function: less})):
				yield f"{function} {word}: could be taken from the list"
			more = {**have[function], word: number + 1}
			if not list(reviewed.compare({function: more}, {function: answers})):
				yield f"{function} {word}: one more would pass"


def table_test(table, lists):
	"""Yield rows of the table that could go, or change sides, untold."""
	def errors(rows):
		return [e for words in lists for e in reviewed.compare_table(rows, words)]

	for i, (name, what) in enumerate(table):
		if not errors(table[:i] + table[i + 1:]):
			yield f"hard_places.c: row {name} could go"
		other = name, "ALL" if what == "CLI" else "CLI"
		if not errors(table[:i] + [other] + table[i + 1:]):
			yield f"hard_places.c: row {name} could be {other[1]}"
	free = next(f for words in lists for f, answers in words.items()
		    for a in answers.values() if a[1] == "virtual" and ":" not in f)
	if not errors(table + [(free, "ALL")]):
		yield f"hard_places.c: a new row {free} would pass"
	if not list(reviewed.dead_rows(table + [("no_such_function", "ALL")], lists)):
		yield "hard_places.c: a row for nothing would pass"


def run(img, args, found, table, said):
	lists = [said.words] + [w for w in args.lists if w != said.words]
	errors = list(image_test(img, found, said))
	errors += module_test(args.modules)
	errors += list_test(found, said)
	errors += table_test(table, lists)
	print(f"slots-audit: planted {len(PLANTS) + len(PV_PLANTS) + 2} places in the "
	      f"image, {len(MODULE_PLANTS)} in a module; took each of "
	      f"{sum(len(w) for w in said.words.values())} words from the list, each of "
	      f"{len(table)} rows from the table")
	return errors
