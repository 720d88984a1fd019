// Ways by which numbers of calls and their arguments come about.
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "breaker.h"

// Keep makes compilers treat a value as one that may have changed, where it is.
#define KEEP(x) __asm__ volatile("" : "+r"(x))

// A call of its own for each way, so that what is known of one shows.
#define ASK(call, v) ask(__func__, SYS_##call, v)
static inline __attribute__((always_inline)) long ask(const char *unit, long nr, long v) { return call6(unit, nr, -1, v, v, v, v, v); }

NOINLINE static long arithmetic8(unsigned char x) { x += 0x90; return ASK(msync, x); }
NOINLINE static long arithmetic16(short x) { x = (short)(x * 3 + 0x7001); return ASK(mremap, x); }
NOINLINE static long high(long x) { x = (x & ~0xff00L) | 0x1200; return ASK(recvfrom, x & 0xffff); }
NOINLINE static long selects(long x) { return ASK(sendmsg, x > 3 ? 0x2001 : 0x2002); }
NOINLINE static long sets(long x) { return ASK(recvmsg, 0x2100 + (x > 3)); }
NOINLINE static long borrows(unsigned long x) { return ASK(getsockopt, x < 3 ? -1 : 0x55); }
NOINLINE static long rotates(unsigned x) { return ASK(setsockopt, x << 5 | x >> 27); }
NOINLINE static long signs(signed char x) { return ASK(msgsnd, (long)x & 0xfffff); }
NOINLINE static long shifts(int x) { return ASK(msgrcv, x >> 3); }
NOINLINE static long multiplies(int x) { return ASK(ioctl, x * 7 + 2); }
NOINLINE static long divides(unsigned x) { return ASK(fchownat, x / 10); }
NOINLINE static long swaps(unsigned x) { return ASK(unlinkat, __builtin_bswap32(x)); }
NOINLINE static long counts(unsigned x) { return ASK(linkat, __builtin_popcount(x) + 0x3000); }

struct bits { unsigned a : 3, b : 9, c : 20; };
NOINLINE static long bitfield(struct bits b) { b.b += 3; return ASK(faccessat, b.b); }
struct large { long pad[4]; int op; long more; };
NOINLINE static long by_value(struct large l) { return ASK(splice, l.op); }
NOINLINE static long changes_own(struct large l) { l.op |= 0x100; long *volatile p = l.pad; p[4] = 0x6161; return ASK(tee, l.op); }
NOINLINE static long by_stack(long a, long b, long c, long d, long e, long f, int op, long g) { return ASK(sync_file_range, op) + g; }
NOINLINE static long variadic(int n, ...) {
	va_list l;
	va_start(l, n);
	int op = 0;
	for (int i = 0; i < n; i++)
		op = va_arg(l, int);
	va_end(l);
	return ASK(vmsplice, op);
}
NOINLINE static int returns(long x) { return x ? 0x2301 : 0x2302; }
NOINLINE static long result(long x) { int r = returns(x); return ASK(utimensat, r); }
static int (*volatile by_pointer)(long) = returns;
NOINLINE static long result2(long x) { int r = by_pointer(x); return ASK(fallocate, r + 0x10); }

static int table[] = {0x2401, 0x2402, 0x2403};
static const int ctable[] = {0x2411, 0x2412, 0x2413};
NOINLINE static long from_table(long i) { return ASK(timerfd_settime, table[i]); }
NOINLINE static long from_ctable(long i) { return ASK(accept4, ctable[i]); }
static int variable = 0x2421;
NOINLINE static void store(int *p, int v) { *p = v; }
NOINLINE static long from_variable(void) { return ASK(dup3, variable); }
static __thread int local = 0x2431;
NOINLINE static long from_thread(void) { return ASK(fanotify_mark, local); }
NOINLINE static long alloca_(long n) { volatile int *p = __builtin_alloca(n); p[1] = 0x2441; return ASK(name_to_handle_at, p[1]); }
NOINLINE static long vla(int n) { int a[n]; for (int i = 0; i < n; i++) a[i] = 0x2450 + i; KEEP(n); return ASK(open_by_handle_at, a[n - 1]); }
NOINLINE static long loops(int n) { int op = 0x2460; for (int i = 0; i < n; i++) { op++; KEEP(op); } return ASK(process_vm_readv, op); }
NOINLINE static int recursive(int n) { return n == 0 ? 0x2470 : recursive(n - 1) + 1; }
NOINLINE static long recurses(int n) { int r = recursive(n); return ASK(process_vm_writev, r); }
NOINLINE static long copied(void) {
	struct large l = {{1, 2, 3, 4}, 0x2480, 5}, m;
	memcpy(&m, &l, sizeof m);
	__asm__ volatile("" : : "r"(&m) : "memory");
	return ASK(finit_module, m.op);
}
NOINLINE static void fill(int *p, int n) { for (int i = 0; i < n; i++) p[i] = 0x2490 + i; }
NOINLINE static long filled(void) { int a[4]; fill(a, 4); return ASK(renameat2, a[2]); }

// The address of a local variable goes out in one part of a function, and another
// part, which compilers put elsewhere, reads it.
static int *left;
__attribute__((noinline, cold)) static void change(void) { *left = 0x2502; }
NOINLINE static long cold(long x) {
	int op = 0x2501;
	left = &op;
	if (x != 0) {
		change();
		return ASK(copy_file_range, op);
	}
	return x;
}

NOINLINE __attribute__((noclone)) static void sometimes(long x) { if (x == 7) abort(); __asm__ volatile(""); }
NOINLINE static long kept(long x) { int op = 0x2511; if (x) { op = 0x2512; sometimes(x); } return ASK(preadv2, op); }

static jmp_buf env;
NOINLINE static void leave(int x) { longjmp(env, x); }
NOINLINE static long longjumps(void) {
	volatile int op = 0x2521;
	if (setjmp(env) == 0) {
		op = 0x2522;
		leave(1);
	}
	return ASK(pwritev2, op);
}

// Numbers.
struct how { long pad; int nr; };
NOINLINE static long by_struct(struct how *h) { return CALL(h->nr, 0, 0, 0, 0); }
NOINLINE static void changes_record(struct how *h) { h->nr = SYS_sched_rr_get_interval; }
NOINLINE static long by_changed(struct how *h) { changes_record(h); return CALL(h->nr, 0, 0, 0, 0); }
NOINLINE static long by_array(const int *a, long i) { return CALL(a[i], 0, 0, 0, 0); }
NOINLINE static long by_choice(long x) { return CALL(x ? SYS_setfsuid : SYS_setfsgid, -1, 0, 0, 0); }
NOINLINE static long by_parameter(long nr) { return CALL(nr, -1, 0, 0, 0); }
NOINLINE static long by_sum(long x) { return CALL(SYS_getsid + (x != 0) * 20, 0, 0, 0, 0); }
NOINLINE static long by_switch(int x) {
	int nr = SYS_getgid;
	switch (x) {
	case 0: nr = SYS_getegid; break;
	case 1: nr = SYS_getuid; break;
	case 2: nr = SYS_geteuid; break;
	case 3: nr = SYS_getgroups; break;
	case 4: nr = SYS_alarm; break;
	case 5: nr = SYS_umask; break;
	}
	return CALL(nr, 0, 0, 0, 0);
}
// A record behind a pointer that only a constructor sets, and in it, behind a
// pointer to the record that it is in.
static struct how *behind;
static struct { long pad; struct how *behind; } record;
static struct how sysfs = {0, SYS_sysfs}, ustat = {0, SYS_ustat};
NOINLINE static void set_record(long *p) { ((struct how **)p)[1] = &ustat; }
__attribute__((constructor)) static void begin(void) { behind = &sysfs; set_record(&record.pad); }
NOINLINE static long by_pointer1(void) { return CALL(behind->nr, 9, 0, 0, 0); }
NOINLINE static long by_pointer2(void) { return CALL(record.behind->nr, 0, 0, 0, 0); }
static int numbers[] = {SYS_getcpu, SYS_sched_getscheduler, SYS_sched_rr_get_interval};

NOINLINE static long libc_number(int nr) { long r = syscall(nr, -1, 0, 0); made(__func__, nr, -1, 0, 0, 0, 0, 0); return r; }

// A number in memory, and one that is put together there.
#ifdef __aarch64__
NOINLINE static long in_memory(void) {
	int nr = SYS_sched_getparam;
	register long ret __asm__("x0") = 0;
	__asm__ volatile("mov x1, 0\n\tldr w8, %1\n\tsvc 0" : "+r"(ret) : "m"(nr) : "x1", "x8", "memory");
	made(__func__, nr, 0, 0, 0, 0, 0, 0);
	return ret;
}
NOINLINE static long in_halves(void) {
	register long ret __asm__("x0") = -1;
	__asm__ volatile("mov x1, 0\n\tmovn x8, 0\n\tmovk x8, 0x118, lsl 0\n\tmovk x8, 0, lsl 16\n\tmovk x8, 0, lsl 32\n\tmovk x8, 0, lsl 48\n\tsvc 0" : "+r"(ret) : : "x1", "x8", "memory");
	made(__func__, 0x118, -1, 0, 0, 0, 0, 0);
	return ret;
}
NOINLINE static long pushed(void) {
	register long ret __asm__("x0") = 0;
	__asm__ volatile("mov x1, 0\n\tmov x9, 0x78\n\tstr x9, [sp, -16]!\n\tldr x8, [sp], 16\n\tsvc 0" : "+r"(ret) : : "x1", "x8", "x9", "memory");
	made(__func__, 0x78, 0, 0, 0, 0, 0, 0);
	return ret;
}
#else
NOINLINE static long in_memory(void) {
	int nr = SYS_sched_getparam;
	long ret;
	__asm__ volatile("movl %1, %%eax\n\tsyscall" : "=a"(ret) : "m"(nr), "D"(0L), "S"(0L) : "rcx", "r11", "memory");
	made(__func__, nr, 0, 0, 0, 0, 0, 0);
	return ret;
}
NOINLINE static long in_halves(void) {
	long ret;
	__asm__ volatile("xorl %%eax, %%eax\n\tmovb $0x01, %%ah\n\tmovb $0x24, %%al\n\tsubb $0, %%ah\n\tsyscall" : "=a"(ret) : "D"(-1L), "S"(0L) : "rcx", "r11", "memory");
	made(__func__, 0x124, -1, 0, 0, 0, 0, 0);
	return ret;
}
NOINLINE static long pushed(void) {
	long ret;
	__asm__ volatile("pushq $0x91\n\tpopq %%rax\n\tsyscall" : "=a"(ret) : "D"(0L), "S"(0L) : "rcx", "r11", "memory");
	made(__func__, 0x91, 0, 0, 0, 0, 0, 0);
	return ret;
}
#endif

void values(void) {
	arithmetic8(same(0x80)), arithmetic16(same(0x1234)), high(same(0x34)), selects(same(2)), selects(same(5)), sets(same(1)), sets(same(9));
	borrows(same(1)), borrows(same(9)), rotates(same(0x18000001)), signs(same(-3)), shifts(same(-900)), multiplies(same(77)), divides(same(0x24000)), swaps(same(0x44332211)), counts(same(0xff));
	struct bits b = {1, 0x120, 3};
	bitfield(b);
	struct large l = {{1, 2, 3, 4}, 0x2201, 5};
	by_value(l), changes_own(l);
	by_stack(1, 2, 3, 4, 5, 6, 0x2211, 7), by_stack(1, 2, 3, 4, 5, 6, same(0x2212), 7);
	variadic(2, 0x2221, 0x2222), variadic(7, 1, 2, 3, 4, 5, 6, 0x2223);
	result(same(0)), result(same(1)), result2(same(1)), from_table(same(2)), from_ctable(same(1));
	from_variable(), store(&variable, 0x2422), from_variable(), from_thread(), local++, from_thread();
	alloca_(same(16)), vla(same(5)), loops(same(3)), recurses(same(4)), copied(), filled(), cold(same(1)), kept(same(0)), kept(same(1)), longjumps();
	struct how h = {1, SYS_getppid};
	by_struct((void *)same((long)&h));
	struct how changed = {1, SYS_getegid};
	by_changed(&changed);
	by_array(numbers, same(0)), by_array(numbers, same(1));
	by_choice(same(0)), by_choice(same(1)), by_parameter(SYS_fchmod), by_parameter(same(SYS_fchown)), by_sum(same(1));
	for (int i = 0; i < 7; i++)
		by_switch(same(i));
	by_pointer1(), by_pointer2(), libc_number(SYS_getpgid), libc_number(same(SYS_getsid));
	in_memory(), in_halves(), pushed();
}
