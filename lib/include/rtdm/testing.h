/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For programs that include it out of habit. Xenomai's testing devices are none of Keel's, so it declares nothing.
 */
#ifndef RTDM_TESTING_H
#define RTDM_TESTING_H

#endif
