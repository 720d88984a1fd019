// Ways by which control comes to a function or to a place in one.
#define _GNU_SOURCE
#include <pthread.h>
#include <search.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "breaker.h"

static struct { const char *unit; long v[7]; } list[400];
static int listed, before = sizeof list;

void made(const char *unit, long nr, long a, long b, long c, long d, long e, long f) {
	int i = __sync_fetch_and_add(&listed, 1);
	list[i].unit = unit;
	long v[7] = {nr, a, b, c, d, e, f};
	memcpy(list[i].v, v, sizeof v);
}

static void say(void) {
	for (int i = 0; i < listed; i++) {
		printf("%s %s", i < before ? "before" : "with", list[i].unit);
		for (int k = 0; k < 7; k++)
			printf(" %ld", list[i].v[k]);
		puts("");
	}
	fflush(stdout);
}

// A table of functions in packed records: the words are not aligned.
static int in_packed(void) { return CALL(SYS_getpriority, 1, 0, 0, 0); }
static struct __attribute__((packed)) { char kind; int (*fn)(void); } packed[] = {{1, in_packed}, {2, in_packed}};

// A table of constants.
static int in_table(void) { return CALL(SYS_getsid, 0, 0, 0, 0); }
static int in_table2(void) { return CALL(SYS_getpgid, 0, 0, 0, 0); }
static int (*const table[])(void) = {in_table, in_table2};

// Labels as values: absolute, and relative to another label. The last of them falls
// in from before, so that nothing shows that it is entered there.
NOINLINE static long labels(long i) {
	static void *const at[] = {&&first, &&second, &&third};
	long op = 1;
	goto *at[i];
first:
	op = 2;
	__asm__ volatile("" : "+r"(op));
second:
	op += 3;
	__asm__ volatile("" : "+r"(op));
third:
	return CALL(SYS_flock, -1, op, 0, 0);
}

NOINLINE static long relative(long i) {
	static const int at[] = {&&first - &&base, &&second - &&base, &&base - &&base};
	int op = 16;
	goto *(&&base + at[i]);
base:
	op = 17;
	__asm__ volatile("" : "+r"(op));
first:
	CALL(SYS_shutdown, -1, op, 0, 0);
	return 0;
second:
	return CALL(SYS_sched_get_priority_max, op, 0, 0, 0);
}

// Switches whose cases fall through.
NOINLINE static long switches(long i) {
	int op = 32;
	switch (i) {
	case 0: op = 33; __asm__ volatile("" : "+r"(op)); // fallthrough
	case 1: CALL(SYS_sched_get_priority_min, op, 0, 0, 0); break;
	case 2: op = 34; __asm__ volatile("" : "+r"(op)); // fallthrough
	case 3: CALL(SYS_sched_get_priority_min, op + 8, 0, 0, 0); break;
	case 4: op = 36; __asm__ volatile("" : "+r"(op)); // fallthrough
	case 5: CALL(SYS_sched_get_priority_min, op + 16, 0, 0, 0); break;
	case 6: op = 38; __asm__ volatile("nop" : "+r"(op)); // fallthrough
	case 7: CALL(SYS_sched_get_priority_min, op + 24, 0, 0, 0); break;
	}
	return 0;
}

// Constructors, destructors and exits.
__attribute__((constructor(200))) static void early(void) { CALL(SYS_getrusage, 1, 0, 0, 0); }
__attribute__((constructor)) static void late(void) { CALL(SYS_sysinfo, 0, 0, 0, 0); }

// Nested functions whose address is taken: a trampoline on the stack has it.
#ifndef __clang__
NOINLINE static int apply(int (*f)(int), int x) { return f(x); }
static int nested(int x) {
	int nr = SYS_getresuid;
	int inner(int y) { return CALL(nr == SYS_getresuid ? SYS_getresuid : SYS_getresgid, y, 0, 0, 0); }
	return apply(inner, 0) + x;
}
#else
static int nested(int x) { return x; }
#endif

// Callbacks of the C library.
static int compare(const void *x, const void *y) {
	static int once;
	if (!once++)
		CALL(SYS_getitimer, 1, 0, 0, 0);
	return *(const int *)x - *(const int *)y;
}
static void walked(const void *node, VISIT which, int depth) {
	if (which == leaf)
		CALL(SYS_syncfs, -1, 0, 0, 0);
}
static void sorts(void) {
	int v[] = {3, 1, 2};
	qsort(v, 3, sizeof v[0], compare);
	void *root = NULL;
	tsearch(v, &root, compare);
	twalk(root, walked);
}

static void handler(int s) { CALL(SYS_fdatasync, -1, 0, 0, 0); }
static void on_info(int s, siginfo_t *i, void *u) { CALL(SYS_ftruncate, -1, 0, 0, 0); }
static void signals(void) {
	sigset_t old;
	struct sigaction a = {.sa_sigaction = on_info, .sa_flags = SA_SIGINFO | SA_ONSTACK}, b;
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	sigaction(SIGUSR2, &a, &b);
	raise(SIGUSR2);
	sigaction(SIGUSR2, &b, NULL);
}

static pthread_key_t key;
static void ended(void *x) { CALL(SYS_fsync, -1, 0, 0, 0); }
static void cleaned(void *x) { CALL(SYS_fchdir, -1, 0, 0, 0); }
static void *thread(void *x) {
	pthread_setspecific(key, &key);
	pthread_cleanup_push(cleaned, NULL);
	pthread_exit(NULL);
	pthread_cleanup_pop(0);
	return NULL;
}
static void threads(void) {
	pthread_t t;
	pthread_key_create(&key, ended);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
}

static ucontext_t here, there;
static void context(int x) { CALL(SYS_fchmod, -1, x, 0, 0); }
static void contexts(void) {
	static char stack[64 << 10];
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof stack;
	there.uc_link = &here;
	makecontext(&there, (void (*)(void))context, 1, 0600);
	swapcontext(&here, &there);
}

// Functions that the program has chosen from at its start, or other names of one.
static int chosen(void) { return CALL(SYS_fchown, -1, 0, 0, 0); }
static int (*choose(void))(void) { return chosen; }
#ifdef __code_model_large__
static int picked(void) { return choose()(); }
#else
int picked(void) __attribute__((ifunc("choose")));
#endif
static int real(void) { return CALL(SYS_readahead, -1, 0, 0, 0); }
int other_name(void) __attribute__((alias("real")));
__attribute__((weak)) int weak_one(void) { return CALL(SYS_capget, 0, 0, 0, 0); }
extern int missing(void) __attribute__((weak));
// Another function of the name is in the program, if this is in a library.
__attribute__((visibility("protected"))) int own_one(void) { return CALL(SYS_mq_getsetattr, -1, 0, 0, 0); }
int (*by_own)(void) = own_one;

// What replaces a function of the C library, which that calls itself.
void *calloc(size_t n, size_t size) {
	static int once;
	if (!once++)
		CALL(SYS_mincore, 1, 0, 0, 0);
	void *p = (void *)same((long)malloc(n * size)); // or compilers make it a call of calloc
	if (p)
		memset(p, 0, n * size);
	return p;
}

// A jump out of where it was: the values are those of the second return.
static jmp_buf back;
NOINLINE static void jumps(int x) { longjmp(back, x); }
NOINLINE static long longjumps(void) {
	volatile int which = 7;
	if (setjmp(back) == 0) {
		which = 2;
		jumps(1);
	}
	return CALL(SYS_getitimer, which, 0, 0, 0);
}
// The same by a linkage table as mold makes it.
#ifdef __aarch64__
__asm__(".text\n.type linked_setjmp, @function\nlinked_setjmp:\n\tadrp x16, :got:_setjmp\n\tldr x17, [x16, :got_lo12:_setjmp]\n\tbr x17\n.size linked_setjmp, .-linked_setjmp");
#else
__asm__(".text\n.type linked_setjmp, @function\nlinked_setjmp:\n\tendbr64\n\tmovl $3, %r11d\n\tjmp *_setjmp@GOTPCREL(%rip)\n.size linked_setjmp, .-linked_setjmp");
#endif
int linked_setjmp(jmp_buf) __attribute__((returns_twice, visibility("hidden")));
NOINLINE static long linked(void) {
	volatile int which = 2;
	if (linked_setjmp(back) == 0) {
		which = 3;
		jumps(1);
	}
	return CALL(SYS_inotify_init1, which, 0, 0, 0);
}
#if defined __aarch64__ && defined __clang__ // which has none of its own there
#define __builtin_setjmp(env) setjmp(back)
#define __builtin_longjmp(env, x) longjmp(back, x)
#endif
static void *builtin[5];
NOINLINE static void bjumps(void) { __builtin_longjmp(builtin, 1); }
NOINLINE static long builtins(void) {
	volatile int which = 7;
	if (__builtin_setjmp(builtin) == 0) {
		which = 0;
		bjumps();
	}
	return CALL(SYS_getitimer, which, 0, 0, 0);
}

// A tail call through a table that is passed along.
struct ops { long (*run)(const struct ops *, long); long (*last)(const struct ops *, long); };
static long op_last(const struct ops *o, long x) { return CALL(SYS_timerfd_gettime, -1, 0, 0, 0); }
static long op_run(const struct ops *o, long x) { return o->last(o, x); }
static const struct ops ops = {op_run, op_last};
NOINLINE static long through(const struct ops *o) { return o->run(o, 0); }

// Two pointers that are stored at once.
static void pair1(void) { CALL(SYS_inotify_rm_watch, -1, 0, 0, 0); }
static void pair2(void) { CALL(SYS_timer_getoverrun, -1, 0, 0, 0); }
struct two { void (*a)(void), (*b)(void); };
NOINLINE static void fill(struct two *t) { t->a = pair1; t->b = pair2; }
static __thread void (*in_thread)(void) = pair2;

static void section1(void) { CALL(SYS_io_destroy, 0, 0, 0, 0); }
static void (*const in_section)(void) __attribute__((section("mine"), used)) = section1;
extern void (*const __start_mine[])(void), (*const __stop_mine[])(void);

static void at_exit(void) { CALL(SYS_epoll_wait, -1, 0, 0, 0); }
__attribute__((destructor)) static void at_end(void) { CALL(SYS_tee, -1, 0, 0, 0); say(); }
static void on_end(int s, void *x) { CALL(SYS_lookup_dcookie, 0, 0, 0, 0); }

void values(void) __attribute__((weak));
void cxx(void) __attribute__((weak));
void through_go(void) __attribute__((weak));
void far(void) __attribute__((weak));

void breakers(void) {
	before = listed;
	packed[same(1)].fn();
	table[same(1)]();
	table[same(0)]();
	for (int i = 0; i < 3; i++) {
		labels(same(i));
		relative(same(i));
	}
	for (int i = 0; i < 8; i++)
		switches(same(i));
	nested(0);
	sorts();
	signals();
	threads();
	contexts();
	picked();
	other_name();
	weak_one();
	by_own();
	if (missing)
		missing();
	longjumps();
	linked();
	builtins();
	through(&ops);
	struct two t;
	fill(&t);
	t.a();
	in_thread();
	for (void (*const *f)(void) = __start_mine; f < __stop_mine; f++)
		(*f)();
	free(calloc(1, 1));
	if (values)
		values();
	if (far)
		far();
	if (through_go)
		through_go();
	if (cxx)
		cxx();
	atexit(at_exit);
	on_exit(on_end, NULL);
	exit(0);
}
