// SPDX-License-Identifier: GPL-2.0
/*
 * posixcxx: threads of C++'s library, for a libc alone and for one with the skin: nothing here knows of Keel.
 * A real-time thread starts others, which inherit that; all prints "ok" and what it was.
 */
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <dlfcn.h>
#include <future>
#include <iostream>
#include <latch>
#include <mutex>
#include <pthread.h>
#include <semaphore>
#include <shared_mutex>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

static constexpr int rounds = 100;

#define check(what)									\
	do {										\
		if (!(what)) {								\
			std::cerr << "line " << __LINE__ << ": not so: " #what << std::endl;	\
			std::exit(1);							\
		}									\
	} while (0)

static void threads()
{
	std::vector<std::thread> all;
	std::mutex mutex;
	int sum = 0;

	for (int i = 0; i < 4; i++)
		all.emplace_back([&] {
			sched_param param;
			int policy;

			check(!pthread_getschedparam(pthread_self(), &policy, &param));
			check(policy == SCHED_FIFO && param.sched_priority == 50);
			for (int n = 0; n < rounds; n++) {
				std::lock_guard<std::mutex> hold(mutex);
				sum++;
			}
		});
	for (auto &t : all)
		t.join();
	check(sum == 4 * rounds);
}

/* @cond and the lock that it takes. */
template <class Cond, class Mutex> static void turns()
{
	Cond cond;
	Mutex mutex;
	int turn = 0;
	auto take = [&](int from, int to) {
		std::unique_lock<Mutex> hold(mutex);

		cond.wait(hold, [&] { return turn == from; });
		turn = to;
		cond.notify_one();
	};
	std::thread other([&] {
		for (int i = 0; i < rounds; i++)
			take(1, 0);
	});

	for (int i = 0; i < rounds; i++)
		take(0, 1);
	other.join();
	std::unique_lock<Mutex> hold(mutex);
	auto before = steady::now();

	check(cond.wait_for(hold, 5ms) == std::cv_status::timeout && steady::now() - before >= 5ms);
	check(cond.wait_until(hold, std::chrono::system_clock::now() + 2ms) == std::cv_status::timeout);
}

static void locks()
{
	std::timed_mutex timed;
	std::recursive_mutex recursive;
	std::shared_mutex shared;
	std::shared_timed_mutex both;

	timed.lock();
	recursive.lock();
	check(recursive.try_lock());
	shared.lock_shared();
	both.lock_shared();
	std::thread([&] {
		check(!timed.try_lock() && !timed.try_lock_for(5ms));
		check(!timed.try_lock_until(steady::now() + 2ms));
		check(!recursive.try_lock());
		check(shared.try_lock_shared() && !shared.try_lock());
		shared.unlock_shared();
		check(!both.try_lock_for(2ms) && both.try_lock_shared_for(2ms));
		both.unlock_shared();
	}).join();
	timed.unlock();
	recursive.unlock();
	recursive.unlock();
	shared.unlock_shared();
	both.unlock_shared();
	check(timed.try_lock_for(1s) && shared.try_lock() && both.try_lock_for(1s));
	timed.unlock();
	shared.unlock();
	both.unlock();
}

static void sleeps()
{
	auto before = steady::now();

	std::this_thread::sleep_for(5ms);
	check(steady::now() - before >= 5ms);
	std::this_thread::sleep_until(before + 12ms);
	check(steady::now() - before >= 12ms);
	std::this_thread::sleep_until(std::chrono::system_clock::now() + 2ms);
	std::this_thread::yield();
}

/* Those of C++20 are made of atomics that wait. */
static void meetings()
{
	std::counting_semaphore<8> sem(0);
	std::latch latch(2);
	std::barrier barrier(2);
	std::thread other([&] {
		for (int i = 0; i < rounds; i++)
			sem.release();
		latch.arrive_and_wait();
		barrier.arrive_and_wait();
	});

	for (int i = 0; i < rounds; i++)
		sem.acquire();
	check(!sem.try_acquire_for(2ms));
	latch.arrive_and_wait();
	barrier.arrive_and_wait();
	other.join();
}

/* A wait ends for a condition, or because it is asked to; the thread is joined by its end. */
static void stops()
{
	std::condition_variable_any cond;
	std::mutex mutex;
	int given = 0, taken = 0, stopped = 0;

	{
		std::jthread taker([&](std::stop_token stop) {
			std::unique_lock hold(mutex);

			while (cond.wait(hold, stop, [&] { return given > taken; }))
				taken++;
			stopped = stop.stop_requested();
		});
		for (int i = 0; i < rounds; i++) {
			std::lock_guard hold(mutex);
			given++;
			cond.notify_one();
		}
		auto all_taken = [&] {
			std::lock_guard hold(mutex);
			return taken == rounds;
		};
		while (!all_taken())
			std::this_thread::sleep_for(1ms);
	}
	check(taken == rounds && stopped);
}

static void futures()
{
	std::promise<int> promise;
	std::once_flag once;
	std::atomic<int> firsts = 0;
	auto first = [&] { firsts++; };
	auto late = std::async(std::launch::async, [&] {
		std::call_once(once, first);
		return promise.get_future().get() + 1;
	});
	auto fails = std::async(std::launch::async, [&] {
		std::call_once(once, first);
		throw 42;
	});
	int caught = 0;

	std::call_once(once, first);
	check(late.wait_for(5ms) == std::future_status::timeout);
	promise.set_value(41);
	check(late.get() == 42);
	try {
		fails.get();
	} catch (int value) {
		caught = value;
	}
	check(caught == 42 && firsts == 1);
}

static void library()
{
	void *lib = dlopen("/bin/posixlib.so", RTLD_NOW);

	check(lib);
	auto work = reinterpret_cast<int (*)(int)>(dlsym(lib, "posixlib_work"));

	check(work && work(20) == 20);
	check(!dlclose(lib));
}

static void *all(void *arg)
{
	static const struct {
		const char *name;
		void (*run)();
	} rows[] = {
		{ "threads", threads },
		{ "condition_variable", turns<std::condition_variable, std::mutex> },
		{ "condition_variable_any", turns<std::condition_variable_any, std::timed_mutex> },
		{ "locks", locks }, { "sleeps", sleeps }, { "meetings", meetings },
		{ "stops", stops }, { "futures", futures }, { "library", library },
	};

	for (auto &row : rows) {
		row.run();
		std::cout << "ok " << row.name << '\n';
	}
	return arg;
}

int main()
{
	sched_param param = {};
	pthread_attr_t attr;
	pthread_t thread;

	param.sched_priority = 50;
	pthread_attr_init(&attr);
	pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attr, SCHED_FIFO);
	pthread_attr_setschedparam(&attr, &param);
	check(!pthread_create(&thread, &attr, all, nullptr));
	pthread_join(thread, nullptr);
	std::cout << "done" << std::endl;
}
