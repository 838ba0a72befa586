/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_NATIVE_PIPE_H
#define TRANK_NATIVE_PIPE_H

#include <native/pipe.h>

#endif
