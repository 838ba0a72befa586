// SPDX-License-Identifier: GPL-2.0
/*
 * A program in C++, as it is written for Xenomai 3; with every header there is.
 */
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>
#include <rtdk.h>
#include <trank/rtdk.h>
#include <xenomai/init.h>
#include <copperplate/init.h>
#include <copperplate/traceobj.h>
#include <alchemy/alarm.h>
#include <alchemy/buffer.h>
#include <alchemy/cond.h>
#include <alchemy/event.h>
#include <alchemy/heap.h>
#include <alchemy/mutex.h>
#include <alchemy/pipe.h>
#include <alchemy/queue.h>
#include <alchemy/sem.h>
#include <alchemy/task.h>
#include <alchemy/timer.h>
#include <trank/native/alarm.h>
#include <trank/native/buffer.h>
#include <trank/native/cond.h>
#include <trank/native/event.h>
#include <trank/native/heap.h>
#include <trank/native/mutex.h>
#include <trank/native/pipe.h>
#include <trank/native/queue.h>
#include <trank/native/sem.h>
#include <trank/native/task.h>
#include <trank/native/timer.h>

static void must(int err, const char *what)
{
	if (err < 0)
		throw std::runtime_error(std::string(what) + ": " + std::strerror(-err));
}

#define MUST(call) must(call, #call)

class Lock {
public:
	explicit Lock(RT_MUTEX &mutex) : mutex_(mutex) { MUST(rt_mutex_acquire(&mutex_, TM_INFINITE)); }
	~Lock() { rt_mutex_release(&mutex_); }

private:
	RT_MUTEX &mutex_;
};

static int ended;

class Worker {
public:
	Worker(const char *name, int prio, RT_MUTEX &mutex, int &sum) : mutex_(mutex), sum_(sum)
	{
		MUST(rt_task_create(&task_, name, 0, prio, T_JOINABLE));
	}

	void start() { MUST(rt_task_start(&task_, &Worker::entry, this)); }
	void join() { MUST(rt_task_join(&task_)); }
	RT_TASK *task() { return &task_; }

private:
	struct Guard {
		~Guard() { __atomic_add_fetch(&ended, 1, __ATOMIC_SEQ_CST); }
	};

	static void entry(void *self) { static_cast<Worker *>(self)->run(); }

	void run()
	{
		Guard guard;

		for (int i = 0; i < 100; i++) {
			Lock lock(mutex_);
			sum_++;
		}
		rt_task_sleep(TM_INFINITE - 2);		/* until it is deleted */
	}

	RT_TASK task_ = NO_ALCHEMY_TASK;
	RT_MUTEX &mutex_;
	int &sum_;
};

int main()
{
	RT_MUTEX mutex;
	int sum = 0;

	try {
		MUST(rt_mutex_create(&mutex, "mutex"));
		std::vector<Worker *> workers;
		for (int i = 0; i < 4; i++)
			workers.push_back(new Worker(("worker " + std::to_string(i)).c_str(), 10 + i, mutex, sum));
		for (auto w : workers)
			w->start();
		for (int now = 0; now < 400;) {
			MUST(rt_task_sleep(rt_timer_ns2ticks(1000000)));
			Lock lock(mutex);
			now = sum;
		}
		for (auto w : workers) {
			MUST(rt_task_delete(w->task()));
			w->join();
			delete w;
		}
		MUST(rt_mutex_delete(&mutex));
	} catch (const std::exception &e) {
		std::printf("%s\n", e.what());
		return 1;
	}
	std::printf("sum %d, ended %d\n", sum, ended);
	return sum != 400 || ended != 4;
}
