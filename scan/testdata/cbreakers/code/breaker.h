// What all breakers share: a system call that is made right where it is asked for,
// and noted with what it was made with.
#pragma once
#include <sys/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

// made notes a call.
void made(const char *unit, long nr, long a, long b, long c, long d, long e, long f);

#ifdef __aarch64__
// Others for the calls that arm64 does not have.
#define SYS_alarm SYS_nfsservctl
#define SYS_epoll_wait SYS_io_getevents
#define SYS_eventfd SYS_mlock2
#define SYS_futimesat SYS_pkey_alloc
#define SYS_getpgrp SYS_get_robust_list
#define SYS_sysfs SYS_munlock
#define SYS_ustat SYS_io_submit
#endif

static inline __attribute__((always_inline)) long call6(const char *unit, long nr, long a, long b, long c, long d, long e, long f) {
#ifdef __aarch64__
	register long x8 __asm__("x8") = nr, ret __asm__("x0") = a;
	register long x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(ret) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
#else
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;
	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
#endif
	made(unit, nr, a, b, c, d, e, f);
	return ret;
}

#define CALL(nr, a, b, c, d) call6(__func__, nr, a, b, c, d, 0, 0)

// same returns what it gets, and no compiler knows that.
static inline __attribute__((always_inline)) long same(long x) {
	__asm__ volatile("" : "+r"(x) : : "memory");
	return x;
}

#define NOINLINE __attribute__((noinline))

#ifdef __cplusplus
}
#endif
