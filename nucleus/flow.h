/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One message on its way through a channel, and the reply: see channel.h. Their memory is given by whoever
 * makes the channel.
 */
#ifndef NUCLEUS_FLOW_H
#define NUCLEUS_FLOW_H

#include "nucleus/mutex.h"

enum nk_flow_state {
	NK_FLOW_FREE,		/* or in the midst of a call before it is sent */
	NK_FLOW_QUEUED,		/* sent */
	NK_FLOW_SERVED,		/* received, not replied to */
	NK_FLOW_ORPHAN,		/* the same, and its client has gone */
	NK_FLOW_DONE,		/* replied to */
	NK_FLOW_ENDED,		/* will not be replied to; its client has still to leave */
};

struct nk_flow {
	struct nk_mutex turn;		/* the server's while the client waits for it */
	struct nk_plist_node node;	/* (w) in queued */
	enum nk_flow_state state;	/* (w) */
	unsigned int size;		/* of what lies in its slot */
	unsigned int generation;	/* (w) of its id */
};

#endif
