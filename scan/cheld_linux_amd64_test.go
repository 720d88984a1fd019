package scan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// The module makes system calls by a function to which only a record points, as
// libcap does.
const held = `
#include <sys/syscall.h>
#include <unistd.h>
typedef long call(long, long, long, long);
static long raw(long n, long a, long b, long c) { return syscall(n, a, b, c); }
static struct { call *one, *two; } calls[2] = {{raw, raw}, {raw, raw}};
void mine_set(int i, call *to) { calls[i].one = to; }
__attribute__((noinline)) static long passed(void *record, long n) {
	getppid(); // which does not look at what is left in the registers
	return (*(call **)record)(n, 0, 0, 0);
}
int _nss_mine_gethostbyname4_r(void) {
	return calls[0].one(SYS_getpgid, 0, 0, 0) + passed(&calls[1].two, SYS_getsid) + passed(&calls[0].one, SYS_getpriority);
}
int mine_other(void) { return calls[0].two(SYS_personality, 0, 0, 0); }
`

func TestHeldInC(t *testing.T) {
	s := newSystem(t, "hosts: mine\n")
	s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", held)
	u := s.scan(scan.Options{})
	for _, o := range u.Unresolved {
		t.Errorf("%s in %s: %s", o.Function, o.Package, o.Reason)
	}
	for _, name := range []string{"getpgid", "getsid", "getpriority"} {
		if call, ok := u.Find(name); !ok || !slices.ContainsFunc(call.Evidence[0].Chain, func(f usage.Step) bool { return f.Package == "libnss_mine.so.2" }) {
			t.Errorf("%s is missing, or nothing leads there by way of the module: %v", name, call)
		}
	}
	if _, ok := u.Find("personality"); ok {
		t.Error("personality is in the list, which nothing that is called asks for")
	}
}

// Where a pointer to the record goes where it is not followed, anybody may call.
func TestHeldEscapes(t *testing.T) {
	for name, code := range map[string]string{
		"stored":   `void *volatile mine_left; __attribute__((constructor)) void leave(void) { mine_left = calls; }`,
		"returned": `void *_nss_mine_getcalls(void) { return calls; }`,
		"indexed":  `int _nss_mine_getindexed(int i) { return calls[i].two(SYS_getsid, 0, 0, 0); }`,
		"copied":   `#include <string.h>` + "\n" + `void _nss_mine_getcopy(void *to, long n) { memcpy(to, calls, n); }`,
		"exported": `void *mine_pointer = calls;`,
		"function": `void *volatile mine_left; void _nss_mine_getfn(void) { mine_left = raw; }`,
		"loaded":   `void *volatile mine_left; void _nss_mine_getfn(void) { mine_left = calls[1].one; }`,
		"read":     `void _nss_mine_getread(void) { write(1, calls, 8); }`,
		"passed":   `void mine_passed(void *, void *); void _nss_mine_getpassed(void (*to)(void *)) { to(calls); }`,
		"listed":   `__attribute__((section(".fini_array"), used)) static call *const last = raw;`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t, "hosts: mine\n")
			s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", held+code)
			u := s.scan(scan.Options{})
			if !slices.ContainsFunc(u.Unresolved, func(o usage.Unresolved) bool {
				return o.Package == "libnss_mine.so.2" && strings.Contains(o.Reason, "through a pointer")
			}) {
				t.Errorf("nothing says that the function may be called through a pointer: %v", u.Unresolved)
			}
		})
	}
}
