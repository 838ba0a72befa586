/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * [3] Queues, buffers, channels and heaps, and objects that processes share by a name.
 */
#ifndef KEEL_UAPI_MESSAGING_H
#define KEEL_UAPI_MESSAGING_H

#include <linux/types.h>

#define KEEL_QUEUE_PRIOS	32768	/* of a message: from 0, the highest first */
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
 * is not shared, and the name may be used again. What @mode may have beside the bits of a file: of CREATE,
 * KEEL_NAME_KEPT: it stays until DELETE; of BIND, 4 and 2: only the right to read, or to write, is needed;
 * of DELETE, KEEL_NAME_UNLINK: only the name goes.
 */
#define KEEL_NAME_KEPT		0x10000
#define KEEL_NAME_UNLINK	0x20000

struct keel_name {
	__u32 type;			/* in */
	__u32 id;			/* out of CREATE and BIND */
	__u32 args[2];			/* in of CREATE, out of BIND */
	__u64 data;			/* out of both, see keel_object */
	__s64 until;			/* in of BIND, else 0 */
	__u32 mode;			/* in */
	__u32 pad;
	char name[KEEL_NAMED_LEN];	/* in: 1 to 31 characters, none of them a blank */
};

/*
 * A file that refers to a shared object, for poll() in Linux, and for whom it is handed on to: a child, or
 * another process. CREATE makes one, BIND gives the caller an id of what it refers to.
 */
struct keel_file {
	__s32 fd;			/* out of CREATE, in of BIND */
	__u32 id;			/* in of CREATE, out of BIND */
	__u32 flags;			/* in of CREATE, out of BIND: O_ACCMODE, O_NONBLOCK */
	__u32 type;			/* out of BIND, as the next two */
	__u32 args[2];
	__u64 data;			/* see keel_object */
};

/* [3] What is to be ready: something to be read, of the types that sets have; room in a queue. One that has
 * been deleted is ready at once, as gone. Until 0: -ETIMEDOUT instead of a wait. Any signal's handler ends
 * it, also one with SA_RESTART. KEEL_CALL_POLL_ONE is the same for one, which has to be there: -EINVAL. */
#define KEEL_POLL_IN		1
#define KEEL_POLL_OUT		2
#define KEEL_POLL_GONE		4
#define KEEL_POLL_MAX		16

struct keel_poll {
	__u32 id;
	__u16 events;			/* KEEL_POLL_IN, KEEL_POLL_OUT */
	__u16 ready;			/* out, when the call says more than 0 */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct keel_poll) == 8, "keel_poll");
_Static_assert(sizeof(struct keel_name) == 72, "keel_name");
_Static_assert(sizeof(struct keel_file) == 32, "keel_file");
#endif

#endif
