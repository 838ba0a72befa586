/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keel calls on what leads to Linux, see pipe.c.
 */
#ifndef SKINS_NATIVE_PIPE_H
#define SKINS_NATIVE_PIPE_H

#include "messages.h"

/* Context of all: oob, hard masked; the writes and the read may block. */
native_call_fn native_pipe_write, native_pipe_read, native_pipe_flush;
native_call_fn native_proxy_write, native_proxy_lost, native_eventfd_signal;

#endif
