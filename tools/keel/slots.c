// SPDX-License-Identifier: GPL-2.0
/*
 * Every place that touches the interrupt flag, of the kernel and of each module, and what Keel
 * made of it. Read from one file of debugfs, a place a line: MODULE FUNCTION+OFFSET KIND STATE.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "keel.h"

#define PLACES_FILE	"/sys/kernel/debug/keel/places"
#define NAME_LEN	128

static const char *const states[] = { "virtual", "hard", "replaced", "raw" };
#define STATES	(sizeof(states) / sizeof(states[0]))

struct options {
	int json;
	int all;
};

struct place {
	char module[NAME_LEN], function[NAME_LEN], kind[16], state[16];
};

/* ---- reading ------------------------------------------------------------------------------ */

static void complain_places(int err)
{
	const char *advice = "see the kernel log: dmesg";

	if (err == EACCES || err == EPERM)
		advice = "become root";
	else if (err == ENOENT && access("/sys/kernel/debug/clear_warn_once", F_OK))
		advice = "mount it first: mount -t debugfs none /sys/kernel/debug";
	else if (err == ENOENT)
		advice = "install tool and module of one version";
	fprintf(stderr, "keel: %s: %s: %s\n", PLACES_FILE, strerror(err), advice);
}

/* What the module loader noted of a module that is not of this kernel. */
static int out_of_tree(const char *module)
{
	char path[NAME_LEN + 32], taint[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/taint", module);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(taint, sizeof(taint), f))
		taint[0] = 0;
	fclose(f);
	return strchr(taint, 'O') != NULL;
}

/* The member @name of @parent, made by json_object() when it is not there. */
static json_t *member(json_t *parent, const char *name)
{
	json_t *child = json_object_get(parent, name);

	if (child)
		return child;
	child = json_object();
	json_object_set_new(parent, name, child);
	return child;
}

static json_t *module_of(json_t *modules, const char *name)
{
	json_t *module = json_object_get(modules, name);
	size_t i;

	if (module)
		return module;
	module = member(modules, name);
	json_object_set_new(module, "out_of_tree", json_boolean(out_of_tree(name)));
	for (i = 0; i < STATES; i++)
		json_object_set_new(module, states[i], json_integer(0));
	member(module, "functions");
	return module;
}

static void count(json_t *object, const char *name)
{
	json_object_set_new(object, name,
			    json_integer(json_integer_value(json_object_get(object, name)) + 1));
}

static void add_place(json_t *modules, const struct place *p)
{
	json_t *module = module_of(modules, p->module);
	json_t *function = member(json_object_get(module, "functions"), p->function);

	count(module, p->state);
	count(member(function, p->state), p->kind);
}

static int parse_place(const char *line, struct place *p)
{
	size_t i;

	if (sscanf(line, "%127s %127[^+]+%*s %15s %15s", p->module, p->function, p->kind,
		   p->state) != 4)
		return 0;
	for (i = 0; i < STATES; i++)
		if (!strcmp(p->state, states[i]))
			return 1;
	return 0;
}

/* An object of modules, or NULL after a message. */
static json_t *read_places(void)
{
	json_t *modules = json_object();
	char line[512];
	struct place p;
	FILE *f;

	f = fopen(PLACES_FILE, "re");
	if (!f) {
		complain_places(errno);
		goto fail;
	}
	while (fgets(line, sizeof(line), f)) {
		if (!parse_place(line, &p)) {
			fprintf(stderr, "keel: %s: unknown line: %sinstall tool and module of one version\n",
				PLACES_FILE, line);
			goto close;
		}
		add_place(modules, &p);
	}
	if (ferror(f)) {
		complain_places(errno);
		goto close;
	}
	fclose(f);
	return modules;
close:
	fclose(f);
fail:
	json_decref(modules);
	return NULL;
}

/* ---- printing ------------------------------------------------------------------------------ */

static json_int_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static json_t *totals(json_t *modules)
{
	json_t *total = json_object(), *module;
	const char *name;
	size_t i;

	for (i = 0; i < STATES; i++) {
		json_int_t sum = 0;

		json_object_foreach(modules, name, module)
			sum += number(module, states[i]);
		json_object_set_new(total, states[i], json_integer(sum));
	}
	return total;
}

static void print_numbers(const char *name, const json_t *numbers, const char *remark)
{
	size_t i;

	printf("%-20s", name);
	for (i = 0; i < STATES; i++)
		printf(" %8" JSON_INTEGER_FORMAT, number(numbers, states[i]));
	printf("%s\n", remark);
}

static void print_functions(json_t *module, int all)
{
	json_t *functions = json_object_get(module, "functions");
	json_t *function, *kinds, *count;
	const char *name, *kind;
	size_t i;

	for (i = all ? 0 : 1; i < STATES; i++) {
		json_object_foreach(functions, name, function) {
			kinds = json_object_get(function, states[i]);
			if (!kinds)
				continue;
			printf("  %-9s %s", states[i], name);
			json_object_foreach(kinds, kind, count)
				printf(" %s %" JSON_INTEGER_FORMAT, kind,
				       json_integer_value(count));
			putchar('\n');
		}
	}
}

static void print_text(json_t *modules, int all)
{
	json_t *module, *total = totals(modules);
	const char *name;

	printf("%-20s %8s %8s %8s %8s\n", "", states[0], states[1], states[2], states[3]);
	json_object_foreach(modules, name, module) {
		int strange = json_is_true(json_object_get(module, "out_of_tree"));

		print_numbers(name, module, strange ? "  out of tree" : "");
		print_functions(module, all);
	}
	print_numbers("total", total, "");
	json_decref(total);
}

/* Raw places of a module that nobody reviewed: they hold back Keel as well. */
static void warn_strange(json_t *modules)
{
	json_t *module;
	const char *name;

	json_object_foreach(modules, name, module)
		if (json_is_true(json_object_get(module, "out_of_tree")) &&
		    number(module, "raw"))
			fprintf(stderr, "keel: module %s is not of this kernel and has %" JSON_INTEGER_FORMAT
				" raw interrupt-flag instructions: real-time threads wait where it closes the flag; ask its maker to use local_irq_save()\n",
				name, number(module, "raw"));
}

static int print_json(json_t *modules, int attached)
{
	struct utsname uts;
	json_t *root;
	int err;

	uname(&uts);
	root = json_pack("{s:s,s:b,s:o,s:O}", "kernel", uts.release, "attached", attached,
			 "total", totals(modules), "modules", modules);
	err = !root || json_dumpf(root, stdout, JSON_INDENT(2)) || putchar('\n') == EOF;
	json_decref(root);
	return err ? STATUS_FAILED : 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'j':
		o->json = 1;
		return 0;
	case 'a':
		o->all = 1;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "too many arguments: %s", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cmd_slots(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ .name = "all", .key = 'a', .doc = "Name the functions of virtual places too" },
		{ .name = "json", .key = 'j', .doc = "Print JSON, with all functions" },
		{ 0 }
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "List the places of the kernel and of each module that touch the interrupt "
		       "flag: virtual, hard, replaced, raw. Takes root.",
	};
	struct options o = { 0 };
	struct keel_info info;
	json_t *modules;
	int fd, status = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	fd = device_open(&info);
	if (fd < 0)
		return STATUS_FAILED;
	close(fd);
	modules = read_places();
	if (!modules)
		return STATUS_FAILED;
	if (!info.attached)
		fprintf(stderr, "keel: is stopped: no place is changed, only raw ones are told; keel start\n");
	if (o.json)
		status = print_json(modules, info.attached);
	else
		print_text(modules, o.all);
	warn_strange(modules);
	json_decref(modules);
	return status;
}
