// Ways from C to Go, and back.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "breaker.h"

long goPlain(long), goInTable(long), goNumber(long, long), goHandle(uintptr_t, long), goPanics(long);
int goCompares(const void *, const void *);
void *goThread(void *), *goEarlyThread(void *);
void goThreadEnds(void *), goHandler(int), goAtExit(void), goBack(void);

static struct { char kind; long (*fn)(long); } const entries[] = {{1, goInTable}};

// What Go passes on: functions, numbers, and handles of values of Go.
long passed(void *fn, long nr, long x) {
	if (nr == 3)
		CALL(SYS_mq_timedsend + nr - 3, -1, x, 0, 0);
	return ((long (*)(long))fn)(x);
}
long chosen_in_go(long x) { return CALL(SYS_mq_unlink, 0, x, 0, 0); }
static long held(long x) { return CALL(SYS_mq_notify, -1, 0, x, 0); }
long (*held_in_go)(long) = held;
NOINLINE static long number(long nr, long x) { return call6("passed_on", nr, -1, x, 0, 0, 0, 0); } // which is unresolved
long passed_on(long nr, long x, uintptr_t handle) {
	number(nr, x);
	return goNumber(SYS_fsetxattr, x) + goNumber(nr + same(1), x) + goHandle(handle, x);
}

// A thread that is there before Go's are.
static pthread_t early;
static volatile int started;
static void *waits(void *x) {
	while (!started)
		sched_yield();
	return goEarlyThread(x);
}
__attribute__((constructor)) static void begin(void) { pthread_create(&early, NULL, waits, NULL); }

static pthread_key_t key;
static void *owns(void *x) {
	pthread_setspecific(key, &key);
	return x;
}

void through_go(void) {
	goPlain(same(1));
	int v[] = {2, 1};
	qsort(v, 2, sizeof v[0], goCompares);
	pthread_t t;
	started = 1;
	pthread_join(early, NULL);
	pthread_create(&t, NULL, goThread, NULL);
	pthread_join(t, NULL);
	pthread_key_create(&key, goThreadEnds);
	pthread_create(&t, NULL, owns, NULL);
	pthread_join(t, NULL);
	struct sigaction a = {.sa_handler = goHandler};
	sigaction(SIGUSR1, &a, NULL);
	raise(SIGUSR1);
	entries[same(0)].fn(1);
	goPanics(same(7));
	goBack();
	atexit(goAtExit);
}
