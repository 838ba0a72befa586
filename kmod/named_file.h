/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that refer to shared objects. Context of all: in-band, may sleep.
 */
#ifndef KMOD_NAMED_FILE_H
#define KMOD_NAMED_FILE_H

struct keel_file;
struct keel_process;

/* Answer these requests, see keel/messaging.h: 0 or -errno. */
long named_file_create(struct keel_process *p, struct keel_file *req);
long named_file_bind(struct keel_process *p, struct keel_file *req);

#endif
