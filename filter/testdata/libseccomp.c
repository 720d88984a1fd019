/*
 * Compiles policies with libseccomp for libseccomp_linux_test.go, which starts
 * this program once and asks it by its standard input and output, so that a
 * policy costs no process. All numbers are in the machine's byte order.
 *
 *   version:  'V'                                    -> 3 x u32
 *   number:   'N' arch name                          -> i32, negative where there is none
 *   compile:  'C' optimise default foreign
 *             narchs arch...
 *             nrules { action name ncmps { arg op u64 u64 }... }...
 *                                                    -> i32 error, i32 rule, u32 size, program
 *
 * A name is its length and its bytes; one that begins with '#' is a number. The
 * error is that of libseccomp, 0 for none, and the rule the one that it does not
 * take, or -1. ETIMEDOUT says that it was at it for seconds.
 */
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_NAME = 255, MAX_CMPS = 6, MAX_ARCHS = 8, MAX_BYTES = 1 << 20, LIMIT = 2, MAX_RULES = 1 << 13 };

static void get(void *to, size_t size)
{
	if (fread(to, 1, size, stdin) != size)
		exit(ferror(stdin) ? 1 : 0);
}

static uint32_t get32(void)
{
	uint32_t v;
	get(&v, sizeof(v));
	return v;
}

static uint64_t get64(void)
{
	uint64_t v;
	get(&v, sizeof(v));
	return v;
}

static uint32_t get_count(uint32_t most)
{
	uint32_t n = get32();
	if (n > most) {
		fprintf(stderr, "libseccomp.c: %u is more than %u\n", n, most);
		exit(2);
	}
	return n;
}

static void get_name(char name[MAX_NAME + 1])
{
	uint32_t n = get_count(MAX_NAME);
	get(name, n);
	name[n] = 0;
}

static void put(const void *from, size_t size)
{
	if (fwrite(from, 1, size, stdout) != size)
		exit(1);
}

static void put32(uint32_t v) { put(&v, sizeof(v)); }

struct rule {
	uint32_t action, ncmps;
	char name[MAX_NAME + 1];
	struct scmp_arg_cmp cmps[MAX_CMPS];
};

struct question {
	uint32_t optimise, by_default, foreign, narchs, nrules;
	uint32_t archs[MAX_ARCHS];
	struct rule rules[MAX_RULES];
};

static void get_question(struct question *q)
{
	q->optimise = get32();
	q->by_default = get32();
	q->foreign = get32();
	q->narchs = get_count(MAX_ARCHS);
	for (uint32_t i = 0; i < q->narchs; i++)
		q->archs[i] = get32();
	q->nrules = get_count(MAX_RULES);
	for (uint32_t i = 0; i < q->nrules; i++) {
		struct rule *r = &q->rules[i];
		r->action = get32();
		get_name(r->name);
		r->ncmps = get_count(MAX_CMPS);
		for (uint32_t k = 0; k < r->ncmps; k++) {
			r->cmps[k].arg = get32();
			r->cmps[k].op = get32();
			r->cmps[k].datum_a = get64();
			r->cmps[k].datum_b = get64();
		}
	}
}

/* Rules are for all architectures of the filter: libseccomp translates. */
static int add_rule(scmp_filter_ctx ctx, const struct rule *r)
{
	int nr;
	if (r->name[0] == '#')
		return seccomp_rule_add_array(ctx, r->action, atoi(r->name + 1), r->ncmps, r->cmps);
	nr = seccomp_syscall_resolve_name(r->name);
	if (nr == __NR_SCMP_ERROR)
		return -ENOENT;
	return seccomp_rule_add_array(ctx, r->action, nr, r->ncmps, r->cmps);
}

/* Makes the filter. The error can be that of a rule. */
static int make(const struct question *q, scmp_filter_ctx *ctx, int *rule)
{
	int err;
	*ctx = seccomp_init(q->by_default);
	if (*ctx == NULL)
		return -EINVAL;
	if ((err = seccomp_attr_set(*ctx, SCMP_FLTATR_ACT_BADARCH, q->foreign)) != 0 ||
	    (err = seccomp_attr_set(*ctx, SCMP_FLTATR_CTL_OPTIMIZE, q->optimise)) != 0 ||
	    (err = seccomp_attr_set(*ctx, SCMP_FLTATR_API_TSKIP, 1)) != 0)
		return err;
	/* The native one may have another byte order. */
	if ((err = seccomp_arch_remove(*ctx, SCMP_ARCH_NATIVE)) != 0)
		return err;
	for (uint32_t i = 0; i < q->narchs; i++)
		if ((err = seccomp_arch_add(*ctx, q->archs[i])) != 0)
			return err;
	for (uint32_t i = 0; i < q->nrules; i++)
		if ((err = add_rule(*ctx, &q->rules[i])) != 0) {
			*rule = i;
			return err;
		}
	return 0;
}

/* Reads the program by a pipe, which takes the longest. */
static ssize_t export(scmp_filter_ctx ctx, char *program, size_t most)
{
	int fds[2], err;
	ssize_t size = 0, got;
	if (pipe(fds) != 0)
		exit(1);
	err = seccomp_export_bpf(ctx, fds[1]);
	close(fds[1]);
	while ((got = read(fds[0], program + size, most - size)) > 0)
		size += got;
	close(fds[0]);
	return err != 0 ? err : size;
}

static void answer(const struct question *q)
{
	static char program[MAX_BYTES];
	scmp_filter_ctx ctx = NULL;
	int rule = -1;
	ssize_t size = 0;
	int err = make(q, &ctx, &rule);
	if (err == 0 && (size = export(ctx, program, sizeof(program))) < 0)
		err = size;
	put32(err);
	put32(rule);
	put32(err == 0 ? size : 0);
	put(program, err == 0 ? size : 0);
}

/* With some policies libseccomp does not come to an end, so each has a process. */
static void compile(void)
{
	static struct question q;
	int status;
	pid_t pid;
	get_question(&q);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		exit(1);
	if (pid == 0) {
		alarm(LIMIT);
		answer(&q);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		exit(1);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
		put32(-ETIMEDOUT);
		put32(-1);
		put32(0);
	} else if (status != 0) {
		fprintf(stderr, "libseccomp.c: a process ended with status %d\n", status);
		exit(1);
	}
}

int main(void)
{
	char name[MAX_NAME + 1];
	uint32_t arch;
	for (;;) {
		char what;
		get(&what, 1);
		switch (what) {
		case 'V':
			put32(seccomp_version()->major);
			put32(seccomp_version()->minor);
			put32(seccomp_version()->micro);
			break;
		case 'N':
			arch = get32();
			get_name(name);
			put32(seccomp_syscall_resolve_name_arch(arch, name));
			break;
		case 'C':
			compile();
			break;
		default:
			fprintf(stderr, "libseccomp.c: no question begins with %d\n", what);
			return 2;
		}
		fflush(stdout);
	}
}
