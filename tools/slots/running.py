# SPDX-License-Identifier: GPL-2.0
"""What a running module changed, as debugfs tells it, against the reviewed list."""

import re
from collections import Counter

import places
import reviewed

# MODULE FUNCTION+OFFSET KIND STATE
LINE = re.compile(r"(\S+) (\S+?)\+0x[0-9a-f]+ (\S+) (virtual|hard|raw|replaced)$")


RAW = ("cli", "sti", "popf", "pushf")
# cli, sti, save: what a verdict makes of the slots
STATES = {
	"virtual": ("virtual", "virtual", "virtual"),
	"hard-cli": ("hard", "virtual", "virtual"),
	"hard-all": ("hard", "hard", "hard"),
}


def read(path, aliases):
	"""Counter of (function, kind, state) of the kernel's places. Of two names for one
	address the guest may show the other one."""
	seen = Counter()
	with open(path, encoding="ascii") as f:
		for line in f:
			m = LINE.match(line)
			if not m:
				raise ValueError(f"{path}: {line.strip()!r}")
			if m.group(1) == "kernel" and m.group(3) != "data":
				name = places.plain(m.group(2))
				seen[aliases.get(name, name), m.group(3), m.group(4)] += 1
	return seen


def listed(words):
	"""The same of the list: of slots and raw instructions how many, of functions with
	something replaced only that."""
	flags, replaced = Counter(), set()
	for function, answers in words.items():
		if ":" in function:
			continue
		for word, (number, verdict) in answers.items():
			if verdict == "replaced":
				replaced.add((function, word == "eoi"))
			elif word.startswith("slots="):
				for kind, state, n in zip(("cli", "sti", "save"), STATES[verdict],
							  reviewed.slots(word)):
					flags[function, kind, state] += n
			elif word in RAW:
				flags[function, word, "raw"] += number
	return +flags, replaced


def compare(seen, words):
	"""Yield where the running module did other than the list says."""
	flags, replaced = listed(words)
	# which of the two ends of interrupt is in use depends on the machine
	eoi = {function for function, is_eoi in replaced if is_eoi}
	replaced = {function for function, _ in replaced}
	there = {place[0] for place in seen if place[2] == "replaced"}
	for name in sorted(there - replaced):
		yield f"{name}: replaced in the guest, not in the list"
	for name in sorted(replaced - there - eoi):
		yield f"{name}: replaced in the list, not in the guest"
	for place in sorted(set(seen) | set(flags)):
		# behind a jump of Keel's the rest of a function is dead
		if place[2] == "replaced" or \
				place[2] == "raw" and seen[place[0], "jump", "replaced"]:
			continue
		if seen[place] != flags[place]:
			yield (f"{place[0]}: {place[1]} {place[2]}: {seen[place]} in the guest, "
			       f"{flags[place]} in the list")


def by_function(seen):
	functions = {}
	for place, number in seen.items():
		functions.setdefault(place[0], Counter())[place] = number
	return functions


def self_test(seen, words):
	"""Yield what could be missing, be one more, or not be in the list, untold."""
	functions = by_function(seen)
	for function, have in functions.items():
		said = {function: words.get(function, {})}
		for place in have:
			if place[2] == "replaced":	# told by function, not by number
				others = [Counter({p: n for p, n in have.items()
						   if p[2] != "replaced"})]
			else:
				others = [have - Counter([place]), have + Counter([place])]
			for other in others:
				if "eoi" not in said[function] and not list(compare(other, said)):
					yield f"{' '.join(place)}: {other[place]} would pass"
		if not list(compare(have, {})):
			yield f"{function}: could be taken from the list"
	print(f"slots-audit: each of {len(seen)} places taken from the guest's or doubled, each of "
	      f"{len(functions)} functions taken from the list")
