/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef TRANK_RTDK_H
#define TRANK_RTDK_H

#include <rtdk.h>

#endif
