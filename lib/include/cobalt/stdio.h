/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library's, and rt_printf() and its like, as programs for Xenomai expect of it: its folder is one that the
 * compiler is told to look into.
 */
#ifndef COBALT_STDIO_H
#define COBALT_STDIO_H
#pragma GCC system_header

#include_next <stdio.h>
#include <rtdk.h>

#endif
