# SPDX-License-Identifier: GPL-2.0
"""What a running module changed, as debugfs tells it, against the reviewed list."""

import re

import places

# MODULE FUNCTION+OFFSET KIND STATE
LINE = re.compile(r"(\S+) (\S+?)\+0x[0-9a-f]+ (\S+) (virtual|hard|raw|replaced)$")


def read(path, aliases):
	"""{state: {function}} of the kernel's places. Of two names for one address the
	guest may show the other one."""
	seen = {}
	with open(path, encoding="ascii") as f:
		for line in f:
			m = LINE.match(line)
			if not m:
				raise ValueError(f"{path}: {line.strip()!r}")
			if m.group(1) == "kernel":
				name = places.plain(m.group(2))
				if m.group(3) != "data":
					seen.setdefault(m.group(4), set()).add(
						aliases.get(name, name))
	return seen


def functions(words, wanted):
	"""Kernel functions of the list with a word and verdict that @wanted takes."""
	return {f for f, answers in words.items() if ":" not in f
		for word, (_, verdict) in answers.items() if wanted(word, verdict)}


def differences(there, listed, what):
	for name in sorted(there - listed):
		yield f"{name}: {what} in the guest, not in the list"
	for name in sorted(listed - there):
		yield f"{name}: {what} in the list, not in the guest"


def compare(path, words, aliases):
	"""Yield where the running module did other than the list says."""
	seen = read(path, aliases)
	if not {"virtual", "hard", "raw", "replaced"} <= set(seen):
		yield f"{path}: states are missing, only {', '.join(sorted(seen))}"
	yield from differences(seen.get("virtual", set()) | seen.get("hard", set()),
			       functions(words, lambda w, v: w.startswith("slots=")),
			       "slots")
	yield from differences(seen.get("hard", set()),
			       functions(words, lambda w, v: v.startswith("hard-")),
			       "native slots")
	# which of the two ends of interrupt is in use depends on the machine
	eoi = functions(words, lambda w, v: w == "eoi")
	replaced = functions(words, lambda w, v: v == "replaced")
	yield from differences(seen.get("replaced", set()) - eoi, replaced - eoi, "replaced")
	raw = functions(words, lambda w, v: w in ("cli", "sti", "popf", "pushf"))
	# of a replaced function the first bytes are gone
	yield from differences(seen.get("raw", set()) - replaced, raw - replaced, "raw")
