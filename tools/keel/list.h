/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What there is now: records from the module, and how the commands that show them print. A
 * command makes JSON of the records and its text of that, so both say the same.
 */
#ifndef TOOLS_KEEL_LIST_H
#define TOOLS_KEEL_LIST_H

#include <jansson.h>
#include "keel.h"

/* All records of a kind, each of @size bytes; the caller frees them. NULL after a message. */
void *list_read(int fd, unsigned int kind, unsigned int size, unsigned int *count);

/* Arrays of objects, a member a field; NULL after a message. */
json_t *list_threads(int fd);
json_t *list_objects(int fd);
json_t *list_timers(int fd);
json_t *list_cpus(int fd);
json_t *list_heaps(int fd);

/* Open the device, make a list, print it as JSON or by @text. The exit status. */
int list_command(json_t *(*make)(int fd), void (*text)(json_t *list), int json);

/* Of KEEL_RELAX_*, one word. */
const char *reason_name(unsigned int reason);

/* KEEL_CLASS_*, or -1: there is none of that name. */
int class_number(const char *name);

json_int_t number_of(const json_t *record, const char *name);
const char *text_of(const json_t *record, const char *name);

/* "1.234 s" or so into @buf, which is returned. */
const char *time_text(json_int_t ns, char *buf, size_t size);

/* Of a thread into @buf, which is returned: "quota:3"; "812/1000 us", what is left of how much, or "-". */
const char *class_text(const json_t *t, char *buf, size_t size);
const char *budget_text(const json_t *t, char *buf, size_t size);

/* 0, or the exit status after a failed write. */
int json_print(const json_t *value);

#endif
