/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/keel: the in-band requests.
 */
#ifndef KMOD_CTL_H
#define KMOD_CTL_H

int ctl_init(void);
void ctl_exit(void);

/* Attach to or detach from Linux. 0 or -errno. Context: in-band, may sleep. */
int keel_start(void);
int keel_stop(void);

#endif
