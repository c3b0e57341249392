// SPDX-License-Identifier: Apache-2.0
/* kind: timers: timerfd, POSIX timers, interval timers, clocks */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t ticks;

static void on_tick(int sig)
{
	(void)sig;
	ticks++;
}

int main(void)
{
	struct itimerspec every = { .it_interval.tv_nsec = 5000000, .it_value.tv_nsec = 5000000 },
			  none = { 0 };
	struct itimerval each = { .it_interval.tv_usec = 5000, .it_value.tv_usec = 5000 },
			 never = { 0 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct timespec now;
	uint64_t n, sum = 0;
	timer_t timer;

	signal(SIGALRM, on_tick);
	signal(SIGUSR1, on_tick);
	timerfd_settime(fd, 0, &every, NULL);
	while (sum < 3 && read(fd, &n, sizeof(n)) == sizeof(n))
		sum += n;
	printf("timerfd %d\n", sum >= 3);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &every, NULL);
	while (ticks < 3)
		pause();
	timer_settime(timer, 0, &none, NULL);
	timer_delete(timer);
	printf("timer %d\n", ticks >= 3);
	ticks = 0;
	setitimer(ITIMER_REAL, &each, NULL);
	while (ticks < 3)
		poll(NULL, 0, 50);
	setitimer(ITIMER_REAL, &never, NULL);
	printf("itimer %d\n", ticks >= 3);
	clock_gettime(CLOCK_MONOTONIC, &now);
	now.tv_nsec = 0;
	now.tv_sec++;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL);
	return 0;
}
