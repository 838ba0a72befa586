// SPDX-License-Identifier: GPL-2.0
/*
 * What Linux does to a page of a process.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "pages.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24
#endif

#define REGION	(2 * HUGE)
#define KSM	"/sys/kernel/mm/ksm/"

static unsigned char *region;		/* all that a row uses, whole huge pages */
static int file = -1;			/* of the page, if it has one */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail("%s: %m", path);
	close(fd);
}

/* ---- prepare ------------------------------------------------------------------------------- */

/* A region of its own for each round, aligned, nothing in it. */
static void region_map(void)
{
	static unsigned char *all;

	if (all)
		munmap(all, REGION + HUGE);
	if (file >= 0)
		close(file);
	file = -1;
	all = mmap(NULL, REGION + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	OK((long)all);
	region = (unsigned char *)(((uintptr_t)all + HUGE - 1) & ~(HUGE - 1));
	OK(madvise(region, REGION, MADV_NOHUGEPAGE));
	page = region;
}

static void anon(void)
{
	region_map();
	memset((void *)page, OLD, PAGE);
}

/* Two huge pages' worth, as small pages. */
static void anon_many(void)
{
	region_map();
	memset(region, OLD, REGION);
}

static void huge(void)
{
	region_map();
	OK(madvise(region, REGION, MADV_HUGEPAGE));
	memset(region, OLD, HUGE);
	page = region + 5 * PAGE;
}

static void shared_file(void)
{
	region_map();
	file = memfd_create("page", 0);
	OK(file);
	OK(ftruncate(file, PAGE));
	OK((long)mmap(region, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0));
	memset((void *)page, OLD, PAGE);
}

/* ---- taken away ----------------------------------------------------------------------------- */

static void unmap(void)
{
	OK(munmap((void *)page, PAGE));
}

/* The page tables of the region go as well. */
static void unmap_all(void)
{
	OK(munmap(region, REGION));
}

static void unmap_and_reuse(void)
{
	unmap();
	taker_take();
}

static void protect_none(void)
{
	OK(mprotect((void *)page, PAGE, PROT_NONE));
}

static void protect_write(void)
{
	OK(mprotect((void *)page, PAGE, PROT_READ));
}

static void move_away(void)
{
	OK((long)mremap((void *)page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, region + HUGE));
}

/* A whole table of pages moves by one entry. */
static void move_table(void)
{
	OK((long)mremap(region, HUGE, HUGE, MREMAP_MAYMOVE | MREMAP_FIXED, region + HUGE));
}

static void truncate_file(void)
{
	OK(ftruncate(file, 0));
}

/* ---- replaced ------------------------------------------------------------------------------- */

/* The new page is there before the old one goes, so it is another one. */
static void replace(void)
{
	unsigned char *other;
	int fd = memfd_create("other", 0);

	OK(fd);
	OK(ftruncate(fd, PAGE));
	other = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	OK((long)other);
	memset(other, NEW, PAGE);
	OK((long)mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0));
	munmap(other, PAGE);
	close(fd);
}

static void dontneed(void)
{
	OK(madvise((void *)page, PAGE, MADV_DONTNEED));
}

static void dontneed_locked(void)
{
	OK(mlock((void *)page, PAGE));
	OK(madvise((void *)page, PAGE, MADV_DONTNEED_LOCKED));
}

static void remove_file(void)
{
	OK(madvise((void *)page, PAGE, MADV_REMOVE));
}

/* ---- moved: the content goes along, and what is written afterwards must be seen -------------- */

static void renew(void)
{
	*page = NEW;
}

static void migrate(void)
{
	void *p = (void *)page;
	int node = 1, status = -1;

	OK(syscall(SYS_move_pages, 0, 1, &p, NULL, &status, 0));
	node = !status;
	OK(syscall(SYS_move_pages, 0, 1, &p, &node, &status, MPOL_MF_MOVE));
	if (status != node)
		fail("move_pages: status %d", status);
	renew();
}

static void collapse(void)
{
	OK(madvise(region, HUGE, MADV_HUGEPAGE));
	OK(madvise(region, HUGE, MADV_COLLAPSE));
	renew();
}

static void split_and_zap(void)
{
	put("/sys/kernel/debug/split_huge_pages", "1");
	dontneed();
}

static void zap_of_huge(void)
{
	dontneed();
}

/* ---- written -------------------------------------------------------------------------------- */

/* The child has the page as it was, whatever the reader writes from now on. */
static void fork_child(void)
{
	int64_t end = keel_clock_ns() + 30 * MS;
	int status, value;
	pid_t pid = fork();

	OK(pid);
	if (pid == 0) {
		value = *page;
		while (keel_clock_ns() < end && *page == value)
			;
		_exit(*page != value);
	}
	OK(waitpid(pid, &status, 0));
	if (status)
		fail("fork: the child's page changed");
}

static void lazyfree(void)
{
	OK(madvise((void *)page, PAGE, MADV_FREE));
}

/* What was written after MADV_FREE stays, reclaim may not drop it. */
static void lazyfree_kept(void)
{
	OK(madvise((void *)page, PAGE, MADV_PAGEOUT));
	check(*page == NEW);
}

static unsigned char *twin;

static unsigned long frame(volatile void *p)
{
	uint64_t entry;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	OK(fd);
	check(pread(fd, &entry, 8, (uintptr_t)p / PAGE * 8) == 8);
	close(fd);
	return entry & ((1ul << 55) - 1);
}

static void same_page(void)
{
	anon();
	twin = region + HUGE;
	memset(twin, OLD, PAGE);
	OK(madvise(region, REGION, MADV_MERGEABLE));
}

static void merge(void)
{
	put(KSM "sleep_millisecs", "1");
	put(KSM "pages_to_scan", "1000");
	put(KSM "run", "1");
	for (int i = 0; frame(page) != frame(twin); i++) {
		if (i == 5000)
			fail("the pages were not merged within 10 s");
		usleep(2000);
	}
}

static void merged(void)
{
	put(KSM "run", "2");
	check(*page == NEW && *twin == OLD);
	check(frame(page) != frame(twin));
}

/* ---- a fault that somebody resolves ------------------------------------------------------------ */

static int uffd;

static void uffd_write(int on)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)page, PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	OK(ioctl(uffd, UFFDIO_WRITEPROTECT, &wp));
}

static void uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_WP };

	anon();
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	OK(uffd);
	OK(ioctl(uffd, UFFDIO_API, &api));
	reg.range.start = (uintptr_t)page;
	reg.range.len = PAGE;
	OK(ioctl(uffd, UFFDIO_REGISTER, &reg));
}

static void *uffd_answer(void *arg)
{
	struct pollfd p = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	(void)arg;
	if (poll(&p, 1, 5000) != 1)
		fail("userfaultfd: the write was not reported");
	check(read(uffd, &msg, sizeof(msg)) == sizeof(msg));
	check(msg.event == UFFD_EVENT_PAGEFAULT);
	check((msg.arg.pagefault.address & ~(PAGE - 1)) == (uintptr_t)page);
	uffd_write(0);
	return NULL;
}

static pthread_t answerer;

static void uffd_protect(void)
{
	uffd_write(1);
	check(!pthread_create(&answerer, NULL, uffd_answer, NULL));
}

static void uffd_done(void)
{
	pthread_join(answerer, NULL);
	check(*page == NEW);
	close(uffd);
}

/* ---- reclaim ------------------------------------------------------------------------------------ */

/* A page of a file on a disk, clean: there is no swap. */
static void disk_file(void)
{
	region_map();
	file = open("/big/usr/bin/gdb", O_RDONLY);
	OK(file);
	OK((long)mmap(region, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, file, 0));
}

/* Reclaim finds a page only when no CPU has it on its way to the lists. To ask for a migration settles
 * them all. */
static void settle(void)
{
	void *p = &region;
	int node = 0, status;

	OK(syscall(SYS_move_pages, 0, 1, &p, &node, &status, MPOL_MF_MOVE));
}

/* Whoever else looks at the page just then keeps it from going. */
static void pageout(void)
{
	int before = flag_get(&faults_met);

	for (int i = 0; i < 50 && flag_get(&faults_met) == before; i++) {
		settle();
		OK(madvise((void *)page, PAGE, MADV_PAGEOUT));
		usleep(2000);
	}
}

const struct row rows[] = {
	{ "unmap", anon, unmap, NULL, DIES, OLD, SIGSEGV, 10, 0, 0 },
	{ "unmap-table", anon_many, unmap_all, NULL, DIES, OLD, SIGSEGV, 8, 50, 0 },
	{ "unmap-reuse", anon, unmap_and_reuse, NULL, DIES, OLD, SIGSEGV, 10, 0, 0 },
	{ "protect-none", anon, protect_none, NULL, DIES, OLD, SIGSEGV, 10, 0, 0 },
	{ "protect-write", anon, protect_write, NULL, DIES, OLD, -SIGSEGV, 10, 0, 0 },
	{ "mremap", anon, move_away, NULL, DIES, OLD, SIGSEGV, 10, 0, 0 },
	{ "mremap-table", anon_many, move_table, NULL, DIES, OLD, SIGSEGV, 5, 50, 0 },
	{ "truncate", shared_file, truncate_file, NULL, DIES, OLD, SIGBUS, 10, 0, 0 },
	{ "replace", anon, replace, NULL, SEES, NEW, 0, 10, 0, 0 },
	{ "dontneed", anon, dontneed, NULL, SEES, 0, 0, 10, 0, 0 },
	{ "dontneed-locked", anon, dontneed_locked, NULL, SEES, 0, 0, 10, 0, 0 },
	{ "remove", shared_file, remove_file, NULL, SEES, 0, 0, 10, 0, 0 },
	{ "migrate", anon, migrate, NULL, SEES, NEW, 0, 10, 0, 0 },
	{ "zap-of-huge", huge, zap_of_huge, NULL, SEES, 0, 0, 8, 0, 0 },
	{ "split", huge, split_and_zap, NULL, SEES, 0, 0, 5, 0, 0 },
	{ "collapse", anon_many, collapse, NULL, SEES, NEW, 0, 5, 0, 1 },
	{ "fork", anon, fork_child, NULL, COUNTS, 0, 0, 8, 0, 0 },
	{ "free", anon, lazyfree, lazyfree_kept, WRITES, OLD, 0, 8, 0, 0 },
	{ "ksm", same_page, merge, merged, WRITES, OLD, 0, 5, 0, 1 },
	{ "userfault", uffd_open, uffd_protect, uffd_done, WRITES, OLD, 0, 10, 0, 0 },
	{ "pageout", disk_file, pageout, NULL, FAULTS, 0x7f, 0, 8, 0, 1 },
};
const int rows_count = sizeof(rows) / sizeof(rows[0]);
