// What C code leaves behind, to run later: each has a system call of its own.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "_cgo_export.h"
#include "left.h"

#define NOINLINE __attribute__((noinline))

// call3 makes a system call where it is asked for.
static inline __attribute__((always_inline)) long call3(long nr, long a, long b, long c) {
#ifdef __aarch64__
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = 0, x4 __asm__("x4") = 0;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
#else
	register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
	long ret;
	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return ret;
#endif
}

// call says so, too.
static inline __attribute__((always_inline)) void call(const char *name, long nr) {
	char line[64];
	call3(nr, 0, 0, 0);
	if (write(1, line, snprintf(line, sizeof line, "made %s\n", name)) < 0)
		abort();
}

#define CALL(name) call(#name, SYS_##name)

static sem_t begun, done;
static int to_thread[2], to_blocked[2];

static void await(int fd) {
	char c;
	while (read(fd, &c, 1) != 1)
		;
}

static void wake(int fd) {
	if (write(fd, "x", 1) != 1)
		abort();
}

// A thread that is in the middle of a function, and has something to be done when it ends.
static pthread_key_t key;
static void at_end(void *p) { CALL(ioprio_get); sem_post(&done); }
NOINLINE static void inner(void) { sem_post(&begun); await(to_thread[0]); CALL(getpriority); inGo(); }
static void *thread(void *p) { pthread_setspecific(key, &key); inner(); return 0; }

#ifdef __x86_64__
// A thread that no function begins: it is in the one that has made it, with another stack.
static int to_clone[2], to_passed[2];
NOINLINE static void in_clone(void) {
	char c;
	while (call3(SYS_read, to_clone[0], (long)&c, 1) < 1)
		;
	call3(SYS_keyctl, 0, 0, 0);
	call3(SYS_write, 1, (long)"made keyctl\n", 12);
	call3(SYS_write, to_blocked[1], (long)&c, 1);
	call3(SYS_exit, 0, 0, 0);
}

NOINLINE static void in_passed(long nr) {
	char c;
	while (call3(SYS_read, to_passed[0], (long)&c, 1) < 1)
		;
	call3(nr, 0, 0, 0);
	call3(SYS_write, 1, (long)"made request_key\n", 17);
	call3(SYS_write, to_blocked[1], (long)&c, 1);
	call3(SYS_exit, 0, 0, 0);
}

// CLONE makes a thread that goes on in a function, on a stack of its own.
#define CLONE(ret, nr, top, function, then) \
	register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0; \
	__asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; xor %%ebp, %%ebp; mov %8, %%rdi; call %P7; 1:" \
		: "=a"(ret) : "0"(nr), "D"(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM), \
		  "S"(top), "d"(0), "r"(r10), "r"(r8), "i"(function), "r"(then) : "rcx", "r11", "memory")

#ifdef __clang__
#define NOCLONE
#else
#define NOCLONE __attribute__((noclone))
#endif

// The caller says which call it is, and which one the thread makes then.
NOINLINE NOCLONE long passed(long nr, long top, long then) {
	long ret;
	CLONE(ret, nr, top, in_passed, then);
	return ret;
}

NOINLINE static long a_stack(void) {
	const long size = 1 << 16;
	char *stack = malloc(size);
	if (!stack)
		abort();
	return ((long)stack + size) & -16;
}

void clones(void) {
	long top = a_stack(), ret;
	if (pipe(to_clone))
		abort();
	CLONE(ret, SYS_clone, top, in_clone, 0L);
	if (ret < 0)
		abort();
}

void passes(void) {
	if (pipe(to_passed) || passed(SYS_clone, a_stack(), SYS_request_key) < 0)
		abort();
}

static void use_clone(void) {
	passed(SYS_getppid, 0, SYS_getppid); // which makes none
	wake(to_clone[1]);
	await(to_blocked[0]);
	wake(to_passed[1]);
	await(to_blocked[0]);
}
#else
void clones(void) {}
void passes(void) {}
static void use_clone(void) {}
#endif

static void registered(void) { CALL(personality); }
static callback variable;
static void handler(int sig) { CALL(times); }
static void exits(void) { CALL(getsid); }
__attribute__((destructor)) static void ends(void) { CALL(getresgid); }
static void forks(void) { CALL(capget); }
static void expires(union sigval v) { CALL(getitimer); sem_post(&done); }
static timer_t timer;

// A goroutine is in this one, too.
void blocked(void) { wake(to_blocked[1]); sem_wait(&begun); CALL(mincore); sem_post(&done); }

// Go has a pointer to this one.
void kept(void) { CALL(msync); }
void calls(callback f) { f(); }

int only_before(void) { CALL(mq_unlink); return 0; }
NOINLINE static void by_number(const char *name, long nr) { call(name, nr); }
void number_before(void) { by_number("add_key", SYS_add_key); }
void number_behind(void) { by_number("getgroups", SYS_getgroups); }
void both(void) { CALL(sched_getattr); }

#ifdef __GLIBC__
static void chosen(void) { CALL(getresuid); }
static void other(void) { CALL(get_mempolicy); }
static callback choose(void) { return getpid() > 0 ? chosen : other; }
static void indirect(void) __attribute__((ifunc("choose")));

static ucontext_t main_context, context;
NOINLINE static void yields(void) { swapcontext(&context, &main_context); CALL(sched_rr_get_interval); }
static void coroutine(void) { yields(); }

static void prepare_more(void) {
	getcontext(&context);
	context.uc_stack.ss_size = 1 << 18;
	context.uc_stack.ss_sp = malloc(context.uc_stack.ss_size);
	context.uc_link = &main_context;
	makecontext(&context, coroutine, 0);
	swapcontext(&main_context, &context);
}

static void use_more(void) { indirect(); swapcontext(&main_context, &context); }
#else
static void prepare_more(void) {}
static void use_more(void) {}
#endif

int prepare(void) {
	pthread_t id;
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = expires};
	sem_init(&begun, 0, 0);
	sem_init(&done, 0, 0);
	variable = registered;
	prepare_more();
	if (pipe(to_thread) || pipe(to_blocked) || pthread_key_create(&key, at_end) || pthread_create(&id, 0, thread, 0) ||
	    pthread_detach(id) || sigaction(SIGUSR1, &sa, 0) || atexit(exits) || pthread_atfork(forks, 0, 0) || timer_create(CLOCK_MONOTONIC, &event, &timer))
		return -1;
	return sem_wait(&begun);
}

void await_blocked(void) { await(to_blocked[0]); }
void locks(void) { lockDown(); CALL(getrusage); }

void use(void) {
	struct itimerspec soon = {.it_value.tv_nsec = 1};
	wake(to_thread[1]);
	sem_wait(&done);
	sem_post(&begun);
	sem_wait(&done);
	timer_settime(timer, 0, &soon, 0);
	sem_wait(&done);
	variable();
	pthread_kill(pthread_self(), SIGUSR1);
	use_more();
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, 0, 0);
	use_clone();
}

void finish(void) { exit(0); }
