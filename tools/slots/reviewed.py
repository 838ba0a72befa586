# SPDX-License-Identifier: GPL-2.0
"""The reviewed list of a kernel line, the module's table of hard places, and how they
are held against what a kernel has."""

import binascii
import re

# What stands for slots of a function, and for raw places.
SLOT_VERDICTS = {"virtual", "hard-cli", "hard-all"}
RAW_VERDICTS = {"hard", "replaced", "harmless", "refused"}
ALL_MODULES = "*:*"
SLOT_KINDS = ("slot:cli", "slot:sti", "slot:save")
ROW = re.compile(r'^\s*\{\s*"([^"]+)",\s*(CLI|ALL)\s*\}', re.M)


def words_of(places):
	"""{function: {word: number}}, slots as one word."""
	out = {}
	for function, count in places.items():
		words = {w: n for w, n in count.items()
			 if not w.startswith("slot:") and n}
		slots = tuple(count[k] for k in SLOT_KINDS)
		if any(slots):
			words["slots=%d/%d/%d" % slots] = 1
		if words:
			out[function] = words
	return out


def fold_modules(found, table):
	"""Make the virtual slots of all modules one entry, with a sum over names and numbers."""
	total, lines = [0, 0, 0], []
	for function in sorted(found):
		for word in list(found[function]):
			if ":" in function and word.startswith("slots=") and \
					verdict(table, function, word) == "virtual":
				del found[function][word]
				lines.append(f"{function} {word}\n")
				total = [a + b for a, b in zip(total, slots(word))]
		if not found[function]:
			del found[function]
	if lines:
		digest = binascii.crc32("".join(lines).encode())
		found[ALL_MODULES] = {"slots=%d/%d/%d" % tuple(total): 1,
				      f"sum={digest:08x}": 1}


def slots(word):
	return [int(n) for n in word[6:].split("/")]


# ---- hal/x86/hard_places.c -----------------------------------------------------


def read_table(path):
	"""[(name, "CLI" or "ALL")], as the module goes through them: the first counts."""
	with open(path, encoding="utf-8") as f:
		rows = ROW.findall(f.read())
	if not rows:
		raise ValueError(f"{path}: no rows")
	return rows


def row_for(table, function):
	name = function.split(":")[-1]
	for row in table:
		if row[0] == name or row[0][-1] == "*" and \
				name.startswith(row[0][:-1]):
			return row
	return None


def verdict(table, function, word):
	"""What the running code does with the slots of a function."""
	row = row_for(table, function)
	if row and row[1] == "ALL":
		return "hard-all"
	return "hard-cli" if row and slots(word)[0] else "virtual"


# ---- the list --------------------------------------------------------------------


class Reviewed:
	"""{function: {word: (number, verdict)}} and the faults of the file itself."""

	def __init__(self, path):
		self.path, self.words, self.errors, self.release = path, {}, [], ""
		with open(path, encoding="utf-8") as f:
			self.lines = f.read().splitlines()
		for num, line in enumerate(self.lines, 1):
			if line.startswith("# release:"):
				self.release = line.split()[2]
			elif line and not line.startswith("#"):
				self._add(num, line.split(None, 3))

	def _add(self, num, part):
		where = f"{self.path}:{num}"
		if len(part) < 4 or part[2] not in SLOT_VERDICTS | RAW_VERDICTS:
			self.errors.append(f"{where}: not a review line")
			return
		words = self.words.setdefault(part[0], {})
		for item in part[1].split(","):
			word, _, number = item.partition("*")
			if word in words:
				self.errors.append(f"{where}: {word} twice")
			if word.startswith("slots=") != (part[2] in SLOT_VERDICTS) \
					and not word.startswith("sum="):
				self.errors.append(f"{where}: {part[2]} is no "
						   f"answer to {word}")
			words[word] = int(number or 1), part[2]


def compare(found, words):
	"""Yield what the kernel has and the list has not, and the reverse."""
	for function in sorted(set(found) | set(words)):
		have, want = found.get(function, {}), words.get(function, {})
		for word in sorted(set(have) | set(want)):
			number = have.get(word, 0)
			wanted = want.get(word, (0, ""))[0]
			if wanted == number:
				continue
			if not wanted:
				yield f"{function} {word}: {number} not reviewed"
			elif not number:
				yield f"{function} {word}: reviewed, not there"
			else:
				yield (f"{function} {word}: {number} there, "
				       f"{wanted} reviewed")


def compare_table(table, words):
	"""Yield where the running code would do other than the list says."""
	for function, answers in sorted(words.items()):
		for word, (_, said) in answers.items():
			if not word.startswith("slots=") or function == ALL_MODULES:
				continue
			does = verdict(table, function, word)
			if does != said:
				yield (f"{function} {word}: reviewed as {said}, "
				       f"hard_places.c makes it {does}")
			if said == "hard-all" and 0 in slots(word)[:2]:
				yield (f"{function} {word}: hard-all, but closes or "
				       "opens for somebody else")


def dead_rows(table, lists):
	"""Yield rows that no reviewed list of any kernel line needs."""
	for row in table:
		if not any(row_for(table, f) == row and a[1].startswith("hard-")
			   for words in lists for f, answers in words.items()
			   for a in answers.values()):
			yield f"hard_places.c: row {row[0]}: no reviewed function"
