/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_QUEUE_H
#define TRANK_NATIVE_QUEUE_H

#include <native/queue.h>

#endif
