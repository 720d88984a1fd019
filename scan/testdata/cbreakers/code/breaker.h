// What all breakers share: a system call that is made right where it is asked for,
// and noted with what it was made with.
#pragma once
#include <sys/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

// made notes a call.
void made(const char *unit, long nr, long a, long b, long c, long d, long e, long f);

static inline __attribute__((always_inline)) long call6(const char *unit, long nr, long a, long b, long c, long d, long e, long f) {
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;
	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
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
