// Functions whose addresses are computed, or put where nobody looks for them.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "breaker.h"

#define HIDDEN __attribute__((visibility("hidden")))
typedef long function(long);

// A pointer that is marked in its lowest bits.
NOINLINE static long marked(long nr) { return CALL(nr, -1, 0, 0, 0); }
static char *const mark = (char *)marked + 1;
NOINLINE static long unmark(char *p, long x) { return ((function *)(p - 1))(x); }

// How far functions are from a table in the data, and from where that is written.
HIDDEN long distant1(long x) { return CALL(SYS_mq_open, 0, x, 0, 0); }
HIDDEN long distant2(long x) { return CALL(SYS_semop, -1, 0, x, 0); }
HIDDEN long distant3(long x) { return CALL(SYS_semtimedop, -1, 0, x, 0); }
__asm__(".section .rodata\n.balign 4\ndistances: .long distant1 - distances, distant2 - distances\ndistance: .long distant3 - .\n.text");
extern HIDDEN const int distances[], distance[];
NOINLINE static long by_distance(const int *from, long i, long x) { return ((function *)((char *)from + from[i]))(x); }

// A pointer in 32 bits, and one with a key.
static int narrow;
static uintptr_t keyed;
static long in_narrow(long x) { return CALL(SYS_quotactl, -1, 0, x, 0); }
static long in_keyed(long x) { return CALL(SYS_shmat, -1, 0, x, 0); }
NOINLINE static void hide(void) {
	narrow = (uintptr_t)in_narrow - (uintptr_t)hide;
	keyed = (uintptr_t)in_keyed ^ 0x5a5a5a5a5a5aUL;
}

// A table whose first element is far from what its index counts from.
static long above0(long x) { return CALL(SYS_shmdt, 1, x, 0, 0); }
static long above1(long x) { return CALL(SYS_io_cancel, 0, 0, x, 0); }
HIDDEN function *const above[] = {above0, above1};
NOINLINE static long by_index(int i) { return above[i - 200](1); }

#ifdef __x86_64__
// A handler that has what was interrupted go on elsewhere, with other values.
static void on_trap(int s, siginfo_t *i, void *u) {
	greg_t *regs = ((ucontext_t *)u)->uc_mcontext.gregs;
	regs[REG_RIP] += 2;
	regs[REG_RAX] = SYS_io_getevents;
}
NOINLINE static long traps(void) {
	long r;
	__asm__ volatile("movl $39, %%eax\n\tud2\n\tsyscall" : "=a"(r) : "D"(0L), "S"(1L), "d"(1L) : "rcx", "r11", "memory");
	made("traps", SYS_io_getevents, 0, 1, 1, 0, 0, 0);
	return r;
}

// Assembly that goes to a function by returning, and one that returns behind what comes next.
HIDDEN long by_return(void);
HIDDEN long returned_to(void) { return CALL(SYS_migrate_pages, -1, 1, 0, 0); }
HIDDEN long skips(void);
__asm__(".text\n.type by_return, @function\nby_return:\n\tleaq returned_to(%rip), %rax\n\tpushq %rax\n\tret\n.size by_return, .-by_return\n"
	"skip: addq $2, (%rsp)\n\tret\n"
	".type skips, @function\nskips:\n\tmovq $-1, %rdi\n\tmovl $1, %esi\n\txorl %edx, %edx\n\tcall skip\n\tret\n\tnop\n\tmovl $256, %eax\n\tsyscall\n\tret\n.size skips, .-skips");
#endif

// A thread that no library has made.
static char stack[64 << 10];
static int cloned(void *x) { return CALL(SYS_move_pages, -1, 1, 0, 0) == 0; }

static long (*volatile raw)(long, ...) = syscall;

// Functions that are looked up.
#ifdef __x86_64__
#define OLDEST "GLIBC_2.2.5"
#else
#define OLDEST "GLIBC_2.17"
#endif
static void found(void) {
	int (*f)(const char *) = dlsym(RTLD_DEFAULT, "swapoff");
	if (f) {
		f(NULL);
		made("found", SYS_swapoff, 0, 0, 0, 0, 0, 0);
	}
	if ((f = dlvsym(RTLD_DEFAULT, "acct", OLDEST))) {
		f((char *)1);
		made("found", SYS_acct, 1, 0, 0, 0, 0, 0);
	}
}

static void cleanup(const int *x) { CALL(SYS_inotify_add_watch, -1, 0, *x, 0); }
NOINLINE static void cleans(void) {
	__attribute__((cleanup(cleanup))) int x = 5;
	same(x);
}

void far(void) {
	marked(SYS_eventfd);
	unmark((char *)same((long)mark), SYS_futimesat);
	by_distance(distances, same(0), 1), by_distance(distances, same(1), 2), by_distance(distance, same(0), 3);
	hide();
	((function *)((uintptr_t)hide + narrow))(1);
	((function *)(keyed ^ same(0x5a5a5a5a5a5aUL)))(2);
	by_index(same(200)), by_index(same(201));
#ifdef __x86_64__
	struct sigaction a = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
	sigaction(SIGILL, &a, NULL);
	traps();
	by_return();
	skips(), made("skips", SYS_migrate_pages, -1, 1, 0, 0, 0, 0);
#endif
	waitpid(clone(cloned, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL), NULL, 0);
	raw(SYS_get_mempolicy, 0, 0, 0, 0, 9), made("syscall", SYS_get_mempolicy, 0, 0, 0, 0, 9, 0);
	found();
	cleans();
}
