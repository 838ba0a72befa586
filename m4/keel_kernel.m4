# SPDX-License-Identifier: GPL-2.0
# KEEL_KERNEL: sets KERNEL_DIR and the conditional WITH_KERNEL. The running kernel's headers
# are taken when nothing else is asked for; a tree that holds no Kbuild has no modules to build.
AC_DEFUN([KEEL_KERNEL], [
AC_ARG_WITH([kernel],
	[AS_HELP_STRING([--with-kernel=DIR],
		[kernel build directory for the modules @<:@/lib/modules/`uname -r`/build if there@:>@])],
	[], [with_kernel=auto])
AC_MSG_CHECKING([for kernel headers])
AS_CASE([$with_kernel],
	[no], [KERNEL_DIR=],
	[auto], [KERNEL_DIR=/lib/modules/`uname -r`/build
		AS_IF([test ! -e "$KERNEL_DIR/Makefile" || test ! -e "$srcdir/Kbuild"], [KERNEL_DIR=])],
	[yes], [KERNEL_DIR=/lib/modules/`uname -r`/build],
	[KERNEL_DIR=$with_kernel])
AC_MSG_RESULT([${KERNEL_DIR:-no}])
AS_IF([test -n "$KERNEL_DIR"], [
	AS_IF([test ! -e "$KERNEL_DIR/Makefile"],
		[AC_MSG_ERROR([$KERNEL_DIR is no kernel build directory: install linux-headers-amd64, or give --with-kernel=DIR])])
	KERNEL_DIR=`cd "$KERNEL_DIR" && pwd`
], [
	AC_MSG_NOTICE([no kernel headers: building library, tool and tests only (give --with-kernel=DIR)])
])
AC_SUBST([KERNEL_DIR])
AM_CONDITIONAL([WITH_KERNEL], [test -n "$KERNEL_DIR"])
])
