package scan_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// The C library's code that a program with cgo can come to is followed: threads,
// which it makes, and names, which it looks up.
func TestCLibrary(t *testing.T) {
	path := buildOnce(t, "names", ".", withC(t), "./testdata/names")
	u, err := scan.File(path, scan.Options{Phase: usage.Main})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"clone3", "clone", "set_robust_list", "rseq", "mprotect", "madvise", "exit", "rt_sigreturn",
		"socket", "connect", "sendmmsg", "recvfrom", "poll", "openat", "newfstatat", "lseek",
	} {
		if _, ok := u.Find(name); !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range []string{"setuid", "ptrace", "mount", "shmget", "fork", "reboot", "chroot"} {
		if _, ok := u.Find(name); ok {
			t.Errorf("%s is in the list, which nothing that the program does leads to", name)
		}
	}
	for name, want := range map[string]string{
		"rseq": "0 53053053", "newfstatat": "0,100,900,1000", "epoll_create1": "80000", "prctl": "17,53564d41",
	} {
		if call, _ := u.Find(name); told(call.Args) != want {
			t.Errorf("the arguments of %s are %s, want %s", name, told(call.Args), want)
		}
	}
	if !slices.ContainsFunc(u.Libraries, func(l usage.LoaderFile) bool {
		return filepath.Base(l.Path) == "libc.so.6" && len(l.SHA256) == 64
	}) {
		t.Errorf("the libraries are %v, without the C library", u.Libraries)
	}
	for _, o := range u.Unresolved { // modules for names may be there that are not followed
		if o.Package == "" || o.Package == "libc.so.6" || strings.HasPrefix(o.Package, "ld-linux") {
			t.Errorf("%s: %s", o.Function, o.Reason)
		}
	}
	crossesIntoC(t, u)
	again, err := scan.File(path, scan.Options{Phase: usage.Main})
	if err != nil || !reflect.DeepEqual(u, again) {
		t.Errorf("a second scan says something else (%v)", err)
	}
}

// crossesIntoC checks that evidence leads from Go into the C library, and names it.
func crossesIntoC(t *testing.T, u *usage.Usage) {
	t.Helper()
	connect, _ := u.Find("connect")
	for _, e := range connect.Evidence {
		i := slices.IndexFunc(e.Chain, func(s usage.Step) bool { return s.Package == "libc.so.6" })
		if i > 0 && e.Chain[i].Function == "getaddrinfo" && e.Chain[i].Version != "" && e.Chain[0].How == "root" {
			return
		}
	}
	t.Error("no chain leads from the program's start to connect by way of getaddrinfo in libc.so.6")
}
