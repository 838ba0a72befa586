// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Real-time threads in C++. std::thread has no priorities: the first thread takes SCHED_FIFO, and those that
 * it starts inherit that. Their mutexes, conditions and sleeps are Keel's then, and std::cout does
 * not take them out of real time.
 */
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <iostream>
#include <mutex>
#include <pthread.h>
#include <queue>
#include <thread>

using namespace std::chrono_literals;

/* A queue between threads. */
class Mailbox {
public:
	void put(int value)
	{
		std::lock_guard<std::mutex> hold(mutex);

		values.push(value);
		filled.notify_one();
	}

	int get()
	{
		std::unique_lock<std::mutex> hold(mutex);

		filled.wait(hold, [this] { return !values.empty(); });
		int value = values.front();

		values.pop();
		return value;
	}

private:
	std::mutex mutex;
	std::condition_variable filled;
	std::queue<int> values;
};

int main()
{
	sched_param param = {};

	param.sched_priority = 60;
	if (int err = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param)) {
		std::cerr << "pthread_setschedparam: " << std::strerror(err) << '\n';
		return 1;
	}

	Mailbox box;
	std::thread producer([&box] {
		auto due = std::chrono::steady_clock::now();

		for (int i = 1; i <= 10; i++) {
			due += 1ms;
			std::this_thread::sleep_until(due);
			box.put(i);
		}
	});
	int sum = 0;

	for (int i = 0; i < 10; i++)
		sum += box.get();
	producer.join();
	std::cout << "the sum is " << sum << '\n';
	return sum != 55;
}
