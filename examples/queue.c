// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The real-time side of a queue between real-time and Linux: /dev/rtp0. What is written here any program reads
 * there, and the other way round: see reader.c. This one needs keel.ko, and libkeel's own calls for the pipe.
 *
 *	./queue & ./reader
 */
#include <stdio.h>
#include <string.h>
#include <keel/pipe.h>

#define PIPE	0	/* of /dev/rtp0 */
#define VALUES	5

struct result {
	struct keel_pipe pipe;
	int error;
	char last[32];
};

/* Values one way until there is word from the other side. */
static void *work(void *arg)
{
	struct result *result = arg;
	char text[32];
	int err = 0;

	for (int i = 0; i < VALUES && err >= 0; i++) {
		int size = snprintf(text, sizeof(text), "value %d", i);

		keel_sleep(10 * 1000000);		/* in place of a measurement */
		err = keel_pipe_write(&result->pipe, text, size);
	}
	if (err >= 0)
		err = keel_pipe_read(&result->pipe, result->last, sizeof(result->last) - 1);
	result->error = err < 0 ? err : 0;
	return NULL;
}

int main(void)
{
	const struct keel_thread_attr attr = { .name = "queue", .prio = 70, .cpu = -1 };
	struct result result = { .error = 0 };
	pthread_t thread;
	int err;

	err = keel_open();
	if (!err)
		err = keel_pipe_create(&result.pipe, PIPE, 16, sizeof(result.last));
	if (!err)
		err = keel_thread_create(&thread, &attr, work, &result);
	if (err) {
		fprintf(stderr, "queue: %s\n", strerror(-err));
		return 1;
	}
	pthread_join(thread, NULL);
	printf("queue: \"%s\" from Linux\n", result.last);
	keel_pipe_delete(&result.pipe);
	keel_close();
	return result.error != 0;
}
