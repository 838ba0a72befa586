# SPDX-License-Identifier: GPL-2.0
# The kernel's own modules that a boot without disk leaves unused. To be
# sourced by cases.
# shellcheck shell=dash

sites=/sys/kernel/debug/keel/sites

# Slots of module $1, or of all that are no kernel text.
slots_of() { grep -c "^${1:-[a-z].*}+" $sites || :; }

stock_modules() { cat /mod/disk/order /mod/slots/order; }

stock_load() {
	while read -r file; do
		insmod "/mod/disk/$file"
	done </mod/disk/order
	while read -r file; do
		insmod "/mod/slots/$file"
	done </mod/slots/order
}

# In the reverse order; the kernel's name of a module has no dash.
stock_unload() {
	stock_modules | sed 's/\.ko$//; s/-/_/g; 1!G; h; $!d' >/tmp/names
	while read -r name; do
		[ -z "$name" ] || unload_module "$name"
	done </tmp/names
}

# stock_rounds N: in and out again, slots found and forgotten.
stock_rounds() {
	before=$(slots_of)
	for round in $(seq "$1"); do
		stock_load
		for module in aes_ti gameport dm_mod; do
			[ "$(slots_of $module)" -ge 4 ] ||
				fail "round $round: $(slots_of $module) slots of $module"
		done
		stock_unload
		[ "$(slots_of)" -eq "$before" ] ||
			fail "round $round: $(slots_of) slots of modules, $before before"
	done
}
