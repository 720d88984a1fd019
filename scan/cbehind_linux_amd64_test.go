package scan_test

import (
	"slices"
	"testing"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// commands makes system calls by a record, as glibc has all threads make a setuid: the
// number is behind a pointer, and behind one that a variable holds.
const commands = `
#include <signal.h>
#include <sys/syscall.h>
struct command { int nr; long id[3]; int left, error; };
static struct command *volatile mine_kept;
#define MAKE(c) ({ long r; __asm__ volatile("syscall" : "=a"(r) : "0"((long)(c)->nr), "D"((c)->id[0]), "S"((c)->id[1]) : "rcx", "r11", "memory"); r; })
static void mine_handler(int sig) { mine_kept->error = MAKE(mine_kept); }
__attribute__((noinline)) static long make(struct command *c) {
	mine_kept = c; c->error = 0;
	return MAKE(c);
}
void _nss_mine_begin(void) { signal(34, mine_handler); }
long _nss_mine_one(long x) { struct command c; c.nr = SYS_getpgid; c.id[0] = x; c.id[1] = 0; return make(&c) + 1; }
long _nss_mine_two(long x, long y) { struct command c; c.id[0] = x; c.id[1] = y; c.nr = SYS_getpriority; return make(&c) + 1; }
`

// Of others than glibc it is not known who changes a record meanwhile.
func TestNumbersInRecords(t *testing.T) {
	s := newSystem(t, "hosts: mine\n")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", commands)
	u := s.scan(scan.Options{})
	for _, name := range []string{"make", "mine_handler"} {
		if !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool { return o.Function == name }) {
			t.Errorf("%s is not unresolved: %v", name, u.Unresolved)
		}
	}
}

// What glibc has all threads do is known, and only what is asked for.
func TestSetuidOfAllThreads(t *testing.T) {
	for _, phase := range []usage.Phase{usage.Exec, usage.Main} {
		s := newSystem(t, "hosts: mine\n")
		s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", `
#define _GNU_SOURCE
#include <grp.h>
#include <unistd.h>
int _nss_mine_one(int id) { return setresuid(id, id, id); }
int _nss_mine_two(int n, gid_t *list) { return setgroups(n, list); }
`)
		u := s.scan(scan.Options{Phase: phase})
		for _, o := range u.Unresolved {
			t.Errorf("phase %s: %s in %s: %s", phase, o.Function, o.Package, o.Reason)
		}
		for _, name := range []string{"setresuid", "setgroups"} {
			call, ok := u.Find(name)
			if !ok || len(call.Evidence) < 3 {
				t.Errorf("phase %s: %s is made where it is called, by the function that tells all threads, and by the handler, not %v", phase, name, call.Evidence)
			}
		}
		for _, name := range []string{"setreuid", "setgid", "setresgid", "setuid"} {
			if _, ok := u.Find(name); ok {
				t.Errorf("phase %s: %s is in the list, which nobody asks for", phase, name)
			}
		}
	}
}

// A static program without symbols has functions like glibc's, and musl's, that are not.
func TestRecordsInStaticPrograms(t *testing.T) {
	for _, kind := range []string{"glibc-stripped", "musl-stripped", "musl-shared"} {
		t.Run(kind, func(t *testing.T) {
			path := cbuilds[kind].build(t, kind, "records")
			got, err := strace.Run{Path: path}.Trace(t.Context())
			if err != nil || got.Status() != 0 {
				t.Fatalf("%v\n%s", err, strace.Tail(got.Stdout, got.Stderr))
			}
			u := scanned(t, path)
			for _, name := range []string{"mq_getsetattr", "semop", "mq_notify", "mq_timedreceive", "setresuid"} {
				_, known := u.Find(name)
				if known != (name == "setresuid") || got.Calls[name] == 0 {
					t.Errorf("%s: made %d times, known: %v", name, got.Calls[name], known)
				}
			}
			for _, name := range []string{"setreuid", "setgid", "setgroups"} {
				if _, ok := u.Find(name); ok {
					t.Errorf("%s is in the list, which nobody asks for", name)
				}
			}
			if len(u.Unresolved) != 4 {
				t.Errorf("four functions make calls that cannot be told: %v", u.Unresolved)
			}
		})
	}
}
