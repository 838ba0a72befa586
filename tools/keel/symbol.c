// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "symbol.h"

#define AT_ONCE	64		/* addresses in one command */
#define CALL_MAX 7		/* bytes of the longest call */

/* The file that is mapped at @address to be run, and the offset there; 0: none is. */
static int find_file(int pid, unsigned long address, char *file, size_t size, unsigned long *offset)
{
	unsigned long from, to, at;
	char line[512], rights[8], path[256];
	int found = 0;
	FILE *maps;

	snprintf(line, sizeof(line), "/proc/%d/maps", pid);
	maps = fopen(line, "r");
	while (maps && !found && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s %lx %*s %*s %255s", &from, &to, rights, &at, path) != 5)
			continue;
		found = address >= from && address < to && rights[2] == 'x' && path[0] == '/';
	}
	if (maps)
		fclose(maps);
	if (found) {
		snprintf(file, size, "%s", path);
		*offset = address - from + at;
	}
	return found;
}

int symbol_is_return(int pid, unsigned long address)
{
	unsigned char code[CALL_MAX], *end = code + CALL_MAX;
	unsigned long offset;
	char path[256];
	int fd, i, is = 0;

	if (!find_file(pid, address, path, sizeof(path), &offset))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, code, sizeof(code), address - CALL_MAX) == CALL_MAX) {
		is = end[-5] == 0xe8;
		/* ff /2: by way of a register or of memory, 2 to 7 bytes. */
		for (i = 2; i <= CALL_MAX; i++)
			is |= end[-i] == 0xff && (end[1 - i] >> 3 & 7) == 2;
	}
	close(fd);
	return is;
}

static void without_newline(char *line)
{
	line[strcspn(line, "\n")] = 0;
}

/* "FILE:LINE:COLUMN" without the directories and the column, or nothing. */
static void source_set(struct symbol *s, char *line)
{
	char *name = strrchr(line, '/'), *column;

	name = name ? name + 1 : line;
	column = strchr(name, ':');
	column = column ? strchr(column + 1, ':') : NULL;
	if (column)
		*column = 0;
	if (name[0] != '?' && !strstr(name, ":0"))
		snprintf(s->source, sizeof(s->source), "%s", name);
}

static void ask(int pid, struct symbol *symbols, int count)
{
	char command[64 + AT_ONCE * 20], function[256], line[512];
	int i, n = snprintf(command, sizeof(command), "exec 2>/dev/null eu-addr2line -f -p %d", pid);
	FILE *answer;

	for (i = 0; i < count; i++)
		n += snprintf(command + n, sizeof(command) - n, " 0x%lx", symbols[i].address);
	answer = popen(command, "r");
	for (i = 0; answer && i < count; i++) {
		if (!fgets(function, sizeof(function), answer) || !fgets(line, sizeof(line), answer))
			break;
		without_newline(function);
		if (strstr(function, " inlined at "))
			*strstr(function, " inlined at ") = 0;
		without_newline(line);
		if (function[0] != '?')
			snprintf(symbols[i].function, sizeof(symbols[i].function), "%.95s", function);
		source_set(&symbols[i], line);
	}
	if (answer)
		pclose(answer);
}

void symbols_find(int pid, struct symbol *symbols, int count)
{
	unsigned long offset;
	char path[256];
	int i;

	for (i = 0; i < count; i++)
		symbols[i].function[0] = symbols[i].source[0] = 0;
	for (i = 0; i < count; i += AT_ONCE)
		ask(pid, symbols + i, count - i < AT_ONCE ? count - i : AT_ONCE);
	for (i = 0; i < count; i++)
		if (!symbols[i].function[0] && find_file(pid, symbols[i].address, path, sizeof(path), &offset))
			snprintf(symbols[i].function, sizeof(symbols[i].function), "%.70s+0x%lx",
				 strrchr(path, '/') + 1, offset);
}
