// SPDX-License-Identifier: Apache-2.0
/* kind: signals: handlers on a stack of their own, a mask, waits that are interrupted, one to a
 * thread build: -pthread */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static char stack[65536];

static void on_signal(int sig)
{
	(void)sig;
	seen++;
}

static void *sleeper(void *arg)
{
	(void)arg;
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	return NULL;
}

int main(void)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };
	sigset_t block, old;
	pthread_t thread;
	int status, sig;
	pid_t child;

	sigaltstack(&alt, NULL);
	sigaction(SIGUSR1, &act, NULL);
	act.sa_flags |= SA_RESTART;
	sigaction(SIGALRM, &act, NULL);
	ualarm(20000, 0);
	pause();
	printf("alarm %d\n", (int)seen);
	child = fork();
	if (child == 0) {
		usleep(30000);
		kill(getppid(), SIGUSR1);
		_exit(7);
	}
	printf("sleep %s\n",
	       nanosleep(&(struct timespec){ .tv_sec = 5 }, NULL) < 0 && errno == EINTR ?
		       "interrupted" :
		       "not");
	while (waitpid(child, &status, 0) < 0)
		;
	printf("child %d\n", WEXITSTATUS(status));
	sigemptyset(&block);
	sigaddset(&block, SIGUSR2);
	sigprocmask(SIG_BLOCK, &block, &old);
	raise(SIGUSR2);
	sigwait(&block, &sig);
	printf("waited %d\n", sig == SIGUSR2);
	pthread_create(&thread, NULL, sleeper, NULL);
	usleep(20000);
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	printf("seen %d\n", (int)seen);
	return 6;
}
