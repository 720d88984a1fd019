package scan_test

import (
	"slices"
	"strings"
	"testing"

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
	ENTER
	return MAKE(c);
}
void _nss_mine_begin(void) { signal(34, mine_handler); }
long _nss_mine_one(long x) { struct command c; c.nr = SYS_getpgid; c.id[0] = x; c.id[1] = 0; return make(&c) + 1; }
long _nss_mine_two(long x, long y) { struct command c; c.id[0] = x; c.id[1] = y; c.nr = SYS_getpriority; return make(&c) + 1; }
`

func TestNumbersInRecords(t *testing.T) {
	for name, c := range map[string]struct {
		enter, code string
		open        bool
	}{
		"known":    {"", "", false},
		"computed": {"", "long _nss_mine_more(long x) { struct command c = {.nr = x}; return make(&c) + 1; }", true},
		"passed":   {"", "long _nss_mine_more(struct command *c) { return make(c) + 1; }", true},
		"called":   {"", "void mine_look(struct command *); long _nss_mine_more(void (*look)(struct command *)) { struct command c = {.nr = SYS_getsid}; look(&c); return make(&c) + 1; }", true},
		"written":  {"c->nr += c->left;", "", true},
		"another":  {"", "void _nss_mine_set(struct command *c) { mine_kept = c; }", true},
		"anybody":  {"", "void *_nss_mine_get(void) { return make; }", true},
		"given":    {"", "void *_nss_mine_get(void) { return (void *)&mine_kept; }", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t, "hosts: mine\n")
			s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", strings.Replace(commands, "ENTER", c.enter, 1)+c.code)
			u := s.scan(scan.Options{})
			for _, name := range []string{"getpgid", "getpriority"} {
				if _, ok := u.Find(name); !ok && !c.open {
					t.Errorf("%s is missing, which is in a record", name)
				}
			}
			open := slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool { return o.Package == "libnss_mine.so.2" })
			if open != c.open {
				t.Errorf("something is unresolved: %t, want %t: %v", open, c.open, u.Unresolved)
			}
		})
	}
}
