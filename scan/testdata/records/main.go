// Records makes system calls whose numbers are in records behind pointers: by what glibc
// has all threads make a setuid, and in like ways, where the numbers change meanwhile.
package main

/*
#cgo CFLAGS: -O1
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define SETXID 33

struct record { int nr, signal; long id; };

static inline __attribute__((always_inline)) long make(struct record *r) {
	long ret;
	__asm__ volatile("syscall" : "=a"(ret) : "0"((long)r->nr), "D"(-1L), "S"(r->id), "d"(0L) : "rcx", "r11", "memory");
	return ret;
}

// What is called writes to the record.
NOINLINE static void changes(struct record *r) { r->nr = SYS_mq_getsetattr; }
NOINLINE static long called(struct record *r) {
	if (r->signal == SETXID)
		return 0;
	changes(r);
	return make(r);
}
NOINLINE static long by_called(long x) {
	struct record r;
	r.signal = 1, r.id = x, r.nr = SYS_getpgid;
	return called(&r) + 1;
}

// It does so by way of a pointer that it has not got.
static struct record *left;
NOINLINE static void changes_left(void) { left->nr = SYS_semop; }
NOINLINE static long leaves(struct record *r) {
	if (r->signal == SETXID)
		return 0;
	left = r;
	changes_left();
	return make(r);
}
NOINLINE static long by_left(long x) {
	struct record r;
	r.signal = 1, r.id = x, r.nr = SYS_getsid;
	return leaves(&r) + 1;
}

// The variable with the record's address is part of another.
static struct { long pad; struct record *kept; } pair;
static struct record third = {SYS_mq_notify, 1, 0};
NOINLINE static void set(long *pad, struct record *r) { ((struct record **)pad)[1] = r; }
static void handler(int s) {
	if (s != SETXID)
		make(pair.kept);
}

// A function that ends the program as musl's does is handed over with a record that changes.
static void kills(void *p) {
	struct record *r = p;
	if (make(r) == 12345) {
		struct record pid = {SYS_getpid, 0, 0}, kill = {SYS_kill, 0, 9};
		make(&pid);
		make(&kill);
	}
}
NOINLINE static void hands(void (*f)(void *), struct record *r) { r->nr = SYS_mq_timedreceive; f(r); }
NOINLINE static void by_handing(int nr, long x) {
	struct record r;
	r.signal = 1, r.id = x, r.nr = nr;
	hands(kills, &r);
}

static void run(void) {
	by_handing(SYS_getpriority, 3);
	by_called(1);
	by_left(2);
	set(&pair.pad, &third);
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	setresuid(-1, -1, -1);
}
*/
import "C"

func main() { C.run() }
