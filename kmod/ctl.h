/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/keel: the in-band requests.
 */
#ifndef KMOD_CTL_H
#define KMOD_CTL_H

struct file;
struct keel_process;
struct seq_file;

int ctl_init(void);
void ctl_exit(void);

/* What @file, open, is of the device; NULL if it is another's file. */
struct keel_process *ctl_process(const struct file *file);

/* What there is now: open files, threads, mutexes, processes that are watched. All are 0 when
 * nobody uses the device. Context: in-band. */
void ctl_show_objects(struct seq_file *m);

/* Attach to or detach from Linux. 0 or -errno. Context: in-band, may sleep. */
int keel_start(void);
int keel_stop(void);

#endif
