// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <jansson.h>
#include <keel/keel.h>
#include <unistd.h>
#include "keel.h"

#define SLOTS_FILE	"/sys/kernel/debug/keel/slots"
#define SHARE_FILE	"/sys/kernel/debug/keel/share"

/* Names and numbers of the slot file, in its order; NULL when it cannot be read. */
static json_t *read_slots(void)
{
	unsigned long long count;
	json_t *slots;
	char name[32];
	FILE *f;

	f = fopen(SLOTS_FILE, "re");
	if (!f)
		return NULL;
	slots = json_object();
	while (fscanf(f, "%31s %llu", name, &count) == 2)
		json_object_set_new(slots, name, json_integer(count));
	fclose(f);
	return slots;
}

/* The percentage, and how often it was enforced, a number a CPU; NULL when the module is not to be seen. */
static json_t *read_share(void)
{
	json_t *slices = json_object();
	unsigned long long count;
	char cpu[16];
	int percent;
	FILE *f;

	if (param_read("linux_share", &percent)) {
		json_decref(slices);
		return NULL;
	}
	f = fopen(SHARE_FILE, "re");
	if (f) {
		if (fscanf(f, "%*[^\n]") != EOF)
			while (fscanf(f, "%15s %llu", cpu, &count) == 2)
				json_object_set_new(slices, cpu, json_integer(count));
		fclose(f);
	}
	return json_pack("{s:i,s:o}", "percent", percent, "slices", slices);
}

static void print_share(json_t *share)
{
	const char *cpu;
	json_t *count;

	printf("Linux's share   %" JSON_INTEGER_FORMAT " %%\n",
	       json_integer_value(json_object_get(share, "percent")));
	json_object_foreach(json_object_get(share, "slices"), cpu, count)
		if (json_integer_value(count))
			printf("share enforced  %" JSON_INTEGER_FORMAT " times on CPU %s\n",
			       json_integer_value(count), cpu);
}

static void print_slots(json_t *slots)
{
	const char *name;
	json_t *count;

	json_object_foreach(slots, name, count)
		printf("slots %-9s %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(count));
}

static void print_text(const struct keel_info *info, json_t *slots, json_t *share)
{
	printf("Keel            %.*s, %s\n", (int)sizeof(info->release), info->release,
	       info->attached ? "running" : "stopped");
	printf("ABI levels      %u to %u\n", info->abi_base, info->abi_level);
	printf("CPUs            %u\n", info->cpus);
	if (share)
		print_share(share);
	if (info->refusal)
		printf("hard threads    none: %s\n", keel_strrefusal(info->refusal));
	if (slots)
		print_slots(slots);
	else
		printf("slots           unknown: %s cannot be read\n", SLOTS_FILE);
}

static int print_json(const struct keel_info *info, json_t *slots, json_t *share)
{
	char release[sizeof(info->release) + 1] = "";
	json_t *root;
	int err;

	memcpy(release, info->release, sizeof(info->release));
	root = json_pack("{s:s,s:b,s:i,s:i,s:i,s:s?,s:O?,s:O?}", "release", release,
			 "attached", info->attached, "abi_base", info->abi_base,
			 "abi_level", info->abi_level, "cpus", info->cpus, "refusal",
			 info->refusal ? keel_strrefusal(info->refusal) : NULL, "slots", slots,
			 "linux_share", share);
	err = !root || json_dumpf(root, stdout, JSON_INDENT(2)) || putchar('\n') == EOF;
	json_decref(root);
	return err ? STATUS_FAILED : 0;
}

int cmd_status(int argc, char **argv)
{
	struct keel_info info;
	json_t *slots, *share;
	int fd, status = 0;
	int json = parse_json(argc, argv,
			      "Say whether Keel runs, on how many CPUs, and how many of the kernel's "
			      "interrupt-flag slots it changed.");

	fd = device_open(&info);
	if (fd < 0)
		return STATUS_FAILED;
	close(fd);
	slots = read_slots();
	share = read_share();
	if (json)
		status = print_json(&info, slots, share);
	else
		print_text(&info, slots, share);
	json_decref(slots);
	json_decref(share);
	return status;
}
