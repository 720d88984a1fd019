package scan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// tidies tidies up something of the thread's, if there is anything.
const tidies = `
#include <sys/syscall.h>
#include <unistd.h>
static __thread long mine_kept __attribute__((tls_model("initial-exec")));
__attribute__((noinline)) static long tidy(void) { long got = mine_kept; if (got) { syscall(SYS_getpgid, got); mine_kept = 0; return 1; } return 0; }
long _nss_mine_end(void) { return tidy() + 1; }
`

func TestThreadsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		has  bool
	}{
		"nobody sets it": {`void mine_set(long to) { mine_kept = to; }`, false},
		"it is set":      {`void _nss_mine_set(long to) { mine_kept = to; }`, true},
		"it is passed":   {`long *_nss_mine_get(void) { return &mine_kept; }`, true},
		"it is looked at by another": {`static __attribute__((noinline)) long wait(long x) { if (!mine_kept) mine_kept = x; return x; }
			long _nss_mine_wait(long x) { return wait(x); }`, true},
		"it begins with a value": {`static __thread long mine_own __attribute__((tls_model("initial-exec"))) = 3;
			__attribute__((noinline)) static long tidy_own(void) { if (mine_own) { syscall(SYS_getpgid, 0); return 1; } return 0; }
			long _nss_mine_own(void) { return tidy_own() + 1; }`, true},
		"others know it": {`__thread long mine_shared __attribute__((tls_model("initial-exec")));
			__attribute__((noinline)) static long tidy_shared(void) { if (mine_shared) { syscall(SYS_getpgid, 0); return 1; } return 0; }
			long _nss_mine_shared(void) { return tidy_shared() + 1; }`, true},
		"it does something else": {`__attribute__((noinline)) static long look(long x) { if (mine_kept) return 1; return syscall(SYS_getpgid, 0); }
			long _nss_mine_look(long x) { return look(x) + 1; }`, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSystem(t, "hosts: mine\n")
			s.compile("/lib/x86_64-linux-gnu/libnss_mine.so.2", tidies+c.code)
			u := s.scan(scan.Options{})
			call, has := u.Find("getpgid")
			if has = has && len(calledIn(call, "libnss_mine.so.2")) > 0; has != c.has {
				t.Errorf("getpgid is in the list: %t, want %t", has, c.has)
			}
		})
	}
}

// What looks names up takes fewer than half of the calls that the C library has code
// for, which is what a list has that takes its code as a whole.
func TestFewerThanTheCLibraryHas(t *testing.T) {
	all := newSystem(t, "hosts: all\n")
	all.compile("/lib/x86_64-linux-gnu/libnss_all.so.2", everything(t))
	whole := all.scan(scan.Options{Phase: usage.Main})
	some := newSystem(t, "hosts: files dns\n").scan(scan.Options{Phase: usage.Main})
	t.Logf("%d calls, where the C library has %d", len(some.Syscalls), len(whole.Syscalls))
	if len(whole.Syscalls) < 250 {
		t.Errorf("the C library makes %d calls, that is too few to be all", len(whole.Syscalls))
	}
	if 2*len(some.Syscalls) >= len(whole.Syscalls) {
		t.Errorf("%d of %d calls are in the list", len(some.Syscalls), len(whole.Syscalls))
	}
	for _, name := range []string{"accept", "dup", "geteuid", "getegid", "sendmsg"} { // RPC
		if call, ok := some.Find(name); ok {
			t.Errorf("%s is in the list: %v", name, shown(call.Evidence[0].Chain))
		}
	}
}

// everything is a module that takes the addresses of all functions of the C library.
func everything(t *testing.T) string {
	t.Helper()
	const path = "/lib/x86_64-linux-gnu/libc.so.6"
	im, err := elfimage.Open(path, path)
	if err != nil {
		t.Fatal(err)
	}
	var code, list strings.Builder
	for s := range im.Exports {
		if !s.Hidden && s.Version != "GLIBC_PRIVATE" && im.FuncAt(s.Addr) >= 0 {
			fmt.Fprintf(&code, "extern char %s[];\n", s.Name)
			fmt.Fprintf(&list, "%s,", s.Name)
		}
	}
	return code.String() + "void *mine_all[] = {" + list.String() + "};\nvoid **_nss_all_get(void) { return mine_all; }\n"
}
