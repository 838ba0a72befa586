// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "list.h"

#define SPARE	16	/* records more than there were: some may come meanwhile */

static const char *const states[] = { "new", "ready", "running", "waiting", "in-band" };
static const char *const types[KEEL_TYPES] = {
	"none", "mutex", "cond", "sem", "event", "rwlock", "barrier", "set",
	"queue", "buffer", "channel", "heap", "pipe", "proxy", "eventfd",
};
static const char *const classes[KEEL_CLASSES] = { "fifo", "rr", "edf", "sporadic", "quota", "tp", "weak" };
static const char *const timers[] = { "none", "wait", "share", "watchdog", "linux" };
static const char *const reasons[KEEL_RELAX_REASONS] = {
	"none", "call", "syscall", "fault", "signal", "watchdog", "detach",
};

#define NAME(names, i)	((i) < sizeof(names) / sizeof((names)[0]) ? (names)[i] : "unknown")

/* ---- reading ------------------------------------------------------------------------------ */

void *list_read(int fd, unsigned int kind, unsigned int size, unsigned int *count)
{
	struct keel_list list = { .kind = kind, .size = size };
	void *records = NULL;

	do {
		free(records);
		list.room = list.count + SPARE;
		records = calloc(list.room, size);
		list.data = (unsigned long)records;
		if (!records || ioctl(fd, KEEL_IOC_LIST, &list) < 0) {
			complain("list", records ? errno : ENOMEM);
			free(records);
			return NULL;
		}
	} while (list.count > list.room);
	*count = list.count;
	return records;
}

static json_t *thread_json(const void *record)
{
	const struct keel_thread_info *t = record;
	json_t *relaxes = json_object(), *o;
	int i;

	for (i = 1; i < KEEL_RELAX_REASONS; i++)
		json_object_set_new(relaxes, reasons[i], json_integer(t->relaxes[i]));
	o = json_pack("{s:s,s:I,s:I,s:I,s:s,s:i,s:i,s:i,s:s}", "name", t->name, "pid",
		      (json_int_t)t->pid, "tid", (json_int_t)t->tid, "uid", (json_int_t)t->uid,
		      "class", NAME(classes, t->sched_class), "cpu", t->cpu, "base_prio", t->base_prio, "prio", t->prio,
		      "state", NAME(states, t->state));
	json_object_update_new(o, json_pack("{s:s,s:I,s:I,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "waits_for",
		      NAME(types, t->waits_type), "waits_id", (json_int_t)t->waits_id, "waits_owner",
		      (json_int_t)t->waits_owner, "holds", t->holds, "run_ns", (json_int_t)t->run_ns,
		      "switches", (json_int_t)t->switches, "mode_switches",
		      (json_int_t)t->mode_switches, "overruns", (json_int_t)t->overruns,
		      "until_ns", (json_int_t)t->until_ns, "period_ns", (json_int_t)t->period_ns,
		      "release_ns", (json_int_t)t->release_ns));
	json_object_update_new(o, json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "group", (json_int_t)t->group,
		      "budget_ns", (json_int_t)t->budget_ns, "budget_period_ns",
		      (json_int_t)t->budget_period_ns, "budget_overruns", (json_int_t)t->budget_overruns,
		      "budget_left_ns", (json_int_t)t->budget_left_ns, "budget_of_ns",
		      (json_int_t)t->budget_of_ns));
	json_object_set_new(o, "last_reason", json_string(NAME(reasons, t->last_reason)));
	json_object_set_new(o, "relaxes", relaxes);
	return o;
}

static json_t *object_json(const void *record)
{
	const struct keel_object_info *o = record;

	return json_pack("{s:I,s:I,s:s,s:I,s:I,s:I,s:I,s:I}", "pid", (json_int_t)o->pid, "uid",
			 (json_int_t)o->uid, "type", NAME(types, o->type), "id", (json_int_t)o->id,
			 "owner", (json_int_t)o->owner, "value", (json_int_t)o->value, "limit",
			 (json_int_t)o->limit, "kind", (json_int_t)o->kind);
}

static json_t *timer_json(const void *record)
{
	const struct keel_timer_info *t = record;

	return json_pack("{s:s,s:i,s:I,s:I,s:s,s:I,s:I}", "type", NAME(timers, t->type), "cpu",
			 t->cpu, "pid", (json_int_t)t->pid, "tid", (json_int_t)t->tid, "name",
			 t->name, "deadline_ns", (json_int_t)t->deadline_ns, "interval_ns",
			 (json_int_t)t->interval_ns);
}

static json_t *cpu_json(const void *record)
{
	const struct keel_cpu_info *c = record;

	return json_pack("{s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "cpu", c->cpu, "prio", c->prio,
			 "tid", (json_int_t)c->tid, "hard", (json_int_t)c->hard, "now_ns",
			 (json_int_t)c->now_ns, "run_ns", (json_int_t)c->run_ns, "logged",
			 (json_int_t)c->logged, "leaks", (json_int_t)c->leaks, "flushes",
			 (json_int_t)c->flushes, "slices", (json_int_t)c->slices);
}

static json_t *heap_json(const void *record)
{
	const struct keel_heap_info *h = record;

	return json_pack("{s:I,s:I,s:I,s:s,s:I,s:I,s:I}", "pid", (json_int_t)h->pid, "uid",
			 (json_int_t)h->uid, "id", (json_int_t)h->id, "name", h->name, "size",
			 (json_int_t)h->size, "used", (json_int_t)h->used, "largest",
			 (json_int_t)h->largest);
}

static json_t *list_json(int fd, unsigned int kind, unsigned int size,
			 json_t *(*one)(const void *record))
{
	unsigned int count, i;
	char *records = list_read(fd, kind, size, &count);
	json_t *list;

	if (!records)
		return NULL;
	list = json_array();
	for (i = 0; i < count; i++)
		json_array_append_new(list, one(records + i * size));
	free(records);
	return list;
}

json_t *list_threads(int fd)
{
	return list_json(fd, KEEL_LIST_THREADS, sizeof(struct keel_thread_info), thread_json);
}

json_t *list_objects(int fd)
{
	return list_json(fd, KEEL_LIST_OBJECTS, sizeof(struct keel_object_info), object_json);
}

json_t *list_timers(int fd)
{
	return list_json(fd, KEEL_LIST_TIMERS, sizeof(struct keel_timer_info), timer_json);
}

json_t *list_heaps(int fd)
{
	return list_json(fd, KEEL_LIST_HEAPS, sizeof(struct keel_heap_info), heap_json);
}

json_t *list_cpus(int fd)
{
	return list_json(fd, KEEL_LIST_CPUS, sizeof(struct keel_cpu_info), cpu_json);
}

const char *reason_name(unsigned int reason)
{
	return NAME(reasons, reason);
}

int class_number(const char *name)
{
	int i;

	for (i = 0; i < KEEL_CLASSES; i++)
		if (!strcmp(classes[i], name))
			return i;
	return -1;
}

/* ---- printing ------------------------------------------------------------------------------ */

json_int_t number_of(const json_t *record, const char *name)
{
	return json_integer_value(json_object_get(record, name));
}

const char *text_of(const json_t *record, const char *name)
{
	return json_string_value(json_object_get(record, name));
}

const char *time_text(json_int_t ns, char *buf, size_t size)
{
	if (ns < 1000000)
		snprintf(buf, size, "%.3f us", ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, size, "%.3f ms", ns / 1e6);
	else
		snprintf(buf, size, "%.3f s", ns / 1e9);
	return buf;
}

const char *class_text(const json_t *t, char *buf, size_t size)
{
	const char *class = text_of(t, "class");

	if (!strcmp(class, "quota") || !strcmp(class, "tp"))
		snprintf(buf, size, "%s:%d", class, (int)number_of(t, "group"));
	else
		snprintf(buf, size, "%s", class);
	return buf;
}

const char *budget_text(const json_t *t, char *buf, size_t size)
{
	json_int_t left = number_of(t, "budget_left_ns") / 1000, of = number_of(t, "budget_of_ns") / 1000;

	if (of)
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT "/%" JSON_INTEGER_FORMAT " us", left, of);
	else
		snprintf(buf, size, "-");
	return buf;
}

int json_print(const json_t *value)
{
	int err = !value || json_dumpf(value, stdout, JSON_INDENT(2)) || putchar('\n') == EOF;

	return err ? STATUS_FAILED : 0;
}

int list_command(json_t *(*make)(int fd), void (*text)(json_t *list), int json)
{
	struct keel_info info;
	int fd = device_open(&info), status = 0;
	json_t *list;

	if (fd < 0)
		return STATUS_FAILED;
	list = make(fd);
	close(fd);
	if (!list)
		return STATUS_FAILED;
	if (json)
		status = json_print(list);
	else
		text(list);
	json_decref(list);
	return status;
}
