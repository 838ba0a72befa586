/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What addresses of another process are: function and source line, as its maps and the debug
 * information of its files say, by way of elfutils' eu-addr2line. Without that, file and offset.
 */
#ifndef TOOLS_KEEL_SYMBOL_H
#define TOOLS_KEEL_SYMBOL_H

struct symbol {
	unsigned long address;		/* in */
	char function[96];		/* or "file+offset"; empty: it is in no file */
	char source[160];		/* "file:line", or empty: not known */
};

/* Fill in @count symbols of process @pid. */
void symbols_find(int pid, struct symbol *symbols, int count);

/* 1 when @address is behind a call instruction in a file of @pid that is mapped to be run. */
int symbol_is_return(int pid, unsigned long address);

#endif
