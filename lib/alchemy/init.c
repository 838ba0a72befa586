// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Settings: of the environment before main(), of the command line when xenomai_init() is given it, which
 * wins. Options that tune what Keel has no need of are taken, and do nothing.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenomai/init.h>
#include "internal.h"

#define SESSION_LEN	64

struct alchemy_settings alchemy_settings = { .tick_ns = 1, .verbosity = 1 };

extern void application_usage(void) __attribute__((weak));
extern const char *application_version __attribute__((weak));

static char session[SESSION_LEN];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int opened;

/* ---- the device ------------------------------------------------------------------------------------ */

int alchemy_open(void)
{
	int err = 0;

	if (__atomic_load_n(&opened, __ATOMIC_ACQUIRE))
		return 0;
	pthread_mutex_lock(&lock);
	if (!opened) {
		err = keel_open();
		if (!err)
			mlockall(MCL_CURRENT | MCL_FUTURE);	/* or each task has to be able to */
		__atomic_store_n(&opened, !err, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	return err;
}

static void fork_child(void)
{
	opened = 0;
	pthread_mutex_init(&lock, NULL);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static __attribute__((noreturn)) void bad_value(const char *option, const char *value)
{
	fprintf(stderr, "keel: %s: not a value for it: %s\n", option, value);
	exit(1);
}

/* A list as 0,2-4. */
static int cpus_of(const char *list, cpu_set_t *set)
{
	char *end;

	CPU_ZERO(set);
	for (;;) {
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			return -EINVAL;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
			if (end == list)
				return -EINVAL;
		}
		if (last >= CPU_SETSIZE || first > last)
			return -EINVAL;
		while (first <= last)
			CPU_SET(first++, set);
		if (!*end)
			return 0;
		if (*end != ',')
			return -EINVAL;
		list = end + 1;
	}
}

/* Of the first thread: all others are its children, and inherit it. */
static void set_cpus(const char *option, const char *value)
{
	cpu_set_t set;

	if (cpus_of(value, &set) || sched_setaffinity(0, sizeof(set), &set))
		bad_value(option, value);
}

static void set_session(const char *option, const char *value)
{
	size_t n = strlen(value);

	if (!n || n >= sizeof(session))
		bad_value(option, value);
	memcpy(session, value, n + 1);
	alchemy_settings.session = session;
}

static void set_tick(const char *option, const char *value)
{
	char *end;
	long ns = strtol(value, &end, 10);

	if (ns < 1 || ns > 1000000000 || *end)
		bad_value(option, value);
	alchemy_settings.tick_ns = ns;
}

static void set_verbosity(const char *option, const char *value)
{
	(void)option;
	alchemy_settings.verbosity = value ? atoi(value) : 1;
}

static void set_silent(const char *option, const char *value)
{
	(void)option;
	(void)value;
	alchemy_settings.verbosity = 0;
}

static void accept(const char *option, const char *value)
{
	(void)option;
	(void)value;
}

static void print_version(const char *option, const char *value)
{
	(void)option;
	(void)value;
	if (&application_version && application_version)
		printf("%s\n", application_version);
	printf("Keel %s, Alchemy API of Xenomai 3\n", KEEL_VERSION);
	exit(0);
}

static void print_help(const char *option, const char *value)
{
	(void)option;
	(void)value;
	if (application_usage)
		application_usage();
	xenomai_usage();
	exit(0);
}

/* ---- the command line ------------------------------------------------------------------------------- */

static const struct setting {
	struct option option;
	void (*set)(const char *option, const char *value);
	const char *help;
} settings[] = {
	{ { "cpu-affinity", required_argument, NULL, 0 }, set_cpus, "LIST\tCPUs of all threads: 0,2-3" },
	{ { "session", required_argument, NULL, 0 }, set_session, "NAME\tshare named objects with it" },
	{ { "alchemy-clock-resolution", required_argument, NULL, 0 }, set_tick, "NS\tof a tick of RTIME" },
	{ { "verbose", optional_argument, NULL, 0 }, set_verbosity, "[LEVEL]" },
	{ { "silent", no_argument, NULL, 0 }, set_silent, "" },
	{ { "quiet", no_argument, NULL, 0 }, set_silent, "" },
	{ { "help", no_argument, NULL, 0 }, print_help, "" },
	{ { "version", no_argument, NULL, 0 }, print_version, "" },
	{ { "mem-pool-size", required_argument, NULL, 0 }, accept, "SIZE\tno need: does nothing, as those below" },
	{ { "registry-root", required_argument, NULL, 0 }, accept, "PATH" },
	{ { "shared-registry", no_argument, NULL, 0 }, accept, "" },
	{ { "no-registry", no_argument, NULL, 0 }, accept, "" },
	{ { "no-mlock", no_argument, NULL, 0 }, accept, "" },
	{ { "no-sanity", no_argument, NULL, 0 }, accept, "" },
	{ { "no-auto-init", no_argument, NULL, 0 }, accept, "" },
	{ { "trace", optional_argument, NULL, 0 }, accept, "[LEVEL]" },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

void xenomai_usage(void)
{
	const struct setting *s;

	printf("options of the real-time library:\n");
	for (s = settings; s < settings + SETTINGS; s++)
		printf("  --%s%s%s\n", s->option.name,
		       s->option.has_arg == required_argument ? "=" : "", s->help);
}

/* The setting that @word is, or NULL, and its value behind a =, or NULL. */
static const struct setting *setting_of(const char *word, const char **value)
{
	const struct setting *s;

	if (strncmp(word, "--", 2))
		return NULL;
	for (s = settings; s < settings + SETTINGS; s++) {
		size_t n = strlen(s->option.name);

		if (strncmp(word + 2, s->option.name, n) || (word[2 + n] && word[2 + n] != '='))
			continue;
		*value = word[2 + n] ? word + 3 + n : NULL;
		return *value && s->option.has_arg == no_argument ? NULL : s;
	}
	return NULL;
}

void xenomai_init(int *argcp, char *const **argvp)
{
	char **argv = (char **)*argvp;
	int from = 1, to = 1;

	while (from < *argcp && strcmp(argv[from], "--")) {
		const char *value = NULL, *word = argv[from++];
		const struct setting *s = setting_of(word, &value);

		if (!s) {
			argv[to++] = (char *)word;
			continue;
		}
		if (s->option.has_arg == required_argument && !value)
			value = from < *argcp ? argv[from++] : "";
		s->set(word, value);
	}
	while (from < *argcp)
		argv[to++] = argv[from++];
	argv[to] = NULL;
	*argcp = to;
}

__attribute__((constructor)) static void begin(void)
{
	const char *cpus = secure_getenv("XENO_CPU_AFFINITY"), *name = secure_getenv("XENO_SESSION");

	pthread_atfork(NULL, NULL, fork_child);
	if (cpus)
		set_cpus("XENO_CPU_AFFINITY", cpus);
	if (name)
		set_session("XENO_SESSION", name);
}
