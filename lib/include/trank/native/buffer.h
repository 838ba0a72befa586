/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_BUFFER_H
#define TRANK_NATIVE_BUFFER_H

#include <native/buffer.h>

#endif
