// Linked has C code that Go's own linker takes in, as it does that of package net.
package main

/*
#cgo CFLAGS: -O2
#include <sys/syscall.h>

#define NOINLINE __attribute__((noinline))

static inline __attribute__((always_inline)) long call(long nr, long x) {
	long ret;
	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(x), "S"(-1L), "d"(0L) : "rcx", "r11", "memory");
	return ret;
}

// What seldom runs is put elsewhere, and reads what others change in the frame.
static int *left;
__attribute__((noinline, cold)) static void changes(void) { *left = SYS_getpriority; }
NOINLINE static long seldom(long x) {
	int nr = SYS_getpgid;
	left = &nr;
	if (x != 0) {
		changes();
		return call(nr, 0);
	}
	return x;
}

static long in_table(long x) { return call(SYS_getsid, x); }
static long (*const table[])(long) = {in_table, in_table};

NOINLINE static void sometimes(long x) { __asm__ volatile("" : : "r"(x) : "memory"); }
NOINLINE static long kept(long x) {
	int nr = SYS_sched_getscheduler;
	if (x) {
		nr = SYS_getitimer;
		sometimes(x);
	}
	return call(nr, 1);
}

static void run(long x) {
	seldom(x);
	table[x](0);
	kept(x);
}
*/
import "C"

import "os"

func main() { C.run(C.long(len(os.Args))) }
