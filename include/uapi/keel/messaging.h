/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * [3] Queues, buffers, channels and heaps, and objects that processes share by a name.
 */
#ifndef KEEL_UAPI_MESSAGING_H
#define KEEL_UAPI_MESSAGING_H

#include <linux/types.h>

#define KEEL_QUEUE_PRIOS	32	/* of a message: 0 to 31, the highest first */
#define KEEL_QUEUE_COUNT	4096	/* most messages of a queue */
#define KEEL_MESSAGE_SIZE	65536	/* largest message, of a queue or channel */
#define KEEL_BUFFER_SIZE	0x100000 /* largest buffer */
#define KEEL_CHANNEL_FLOWS	256	/* most messages of a channel on their way */
#define KEEL_HEAP_UNIT		64	/* what a heap gives is a multiple of this */

/* The area of a queue, in which slot i begins at i * (size rounded up to 8), or of a heap: mapped
 * whole, its size rounded up to pages, to read and write, from where a create or bind says. */
#define KEEL_AREA_OFFSET	0x100000000ULL
#define KEEL_AREA_MAX		0x1000000	/* bytes; also the distance from one to the next */

#define KEEL_NAMED_LEN		32

/*
 * An object with a name, which is of its type alone: all types but sets. CREATE makes it: -EEXIST when
 * there is one, and who made it owns it. BIND waits for it until @until, 0: -ENOENT, and needs the right
 * to read and write by @mode, that of a file: -EACCES. Both give an id of the caller's. The object
 * goes with the last id, or with DELETE by its owner: waits end, as when one deletes an object that
 * is not shared, and the name may be used again.
 */
struct keel_name {
	__u32 type;			/* in */
	__u32 id;			/* out of CREATE and BIND */
	__u32 args[2];			/* in of CREATE, out of BIND */
	__u64 data;			/* out of both, see keel_object */
	__s64 until;			/* in of BIND, else 0 */
	__u32 mode;			/* in of CREATE, else 0 */
	__u32 pad;
	char name[KEEL_NAMED_LEN];	/* in: 1 to 31 characters, none of them a blank */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct keel_name) == 72, "keel_name");
#endif

#endif
