package scan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/strace"
	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/syscalls"
	"github.com/gocurb/curb/usage"
)

// arm64Root has the GNU C library for arm64: Debian's libc6-arm64-cross.
const arm64Root = "/usr/aarch64-linux-gnu"

// withCForARM64 returns the environment that builds programs with C code for arm64.
func withCForARM64(t testing.TB) []string {
	t.Helper()
	const compiler = "aarch64-linux-gnu-gcc"
	for _, tool := range []string{compiler, "qemu-aarch64-static"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is needed: make deps installs it: %v", tool, err)
		}
	}
	return []string{"CGO_ENABLED=1", "GOARCH=arm64", "CC=" + compiler}
}

// underQemu returns the calls that a program for arm64 makes.
func underQemu(t *testing.T, path string, env []string, args ...string) []string {
	t.Helper()
	table, err := syscalls.For("arm64")
	if err != nil {
		t.Fatal(err)
	}
	run := strace.Run{Path: path, Args: args, Env: append(os.Environ(), env...), Dir: t.TempDir()}
	got, err := run.TraceQemu(t.Context(), table, "qemu-aarch64-static", "-L", arm64Root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range got.Calls {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// C code for arm64 is followed, whichever linker has made the program, and what is
// seen when it runs is in the list.
func TestCForARM64(t *testing.T) {
	external := "-ldflags=-linkmode=external"
	static := "-ldflags=-linkmode=external -extldflags=-static"
	small, steps := "../internal/corpus/testdata/small", "../internal/corpus/testdata/c"
	byC := []string{"GODEBUG=netdns=cgo"}
	identities := "setuid setgid setreuid setregid setresuid setresgid setgroups"
	looks := []string{"host=localhost", "user=root", "group=root", "groups=root", "uid=0", "port=domain"}
	work := []string{"threads", "memory", "direct", "files", "waits", "shared", "timers", "signals"}
	for name, c := range map[string]struct {
		dir, pkg string
		flags    []string
		env      []string
		args     []string
		seen     string // among what it does when it runs
	}{
		"internal":      {small, "./names", nil, byC, looks, "socket connect set_robust_list"},
		"stripped":      {small, "./names", []string{"-ldflags=-s -w"}, byC, looks, "socket connect set_robust_list"},
		"external":      {small, "./names", []string{external}, byC, looks, "socket connect set_robust_list"},
		"pie":           {small, "./names", []string{external + " -s", "-buildmode=pie"}, byC, looks, "socket connect set_robust_list"},
		"static":        {small, "./names", []string{static}, byC, looks, "socket connect set_robust_list"},
		"roundtrip":     {small, "./roundtrip", nil, nil, nil, "accept4 listen"},
		"hello":         {small, "./hello", []string{external}, nil, nil, "set_robust_list"},
		"work":          {steps, "./libc", nil, nil, work, "timer_create fallocate msync"},
		"worked":        {steps, "./libc", []string{static}, nil, work, "timer_create fallocate msync"},
		"only":          {".", "./testdata/carm64", nil, nil, nil, identities},
		"static-only":   {".", "./testdata/carm64", []string{static}, nil, nil, identities},
		"musl":          {small, "./names", []string{static}, byC, looks, "socket connect"},
		"musl-shared":   {small, "./names", []string{external}, byC, looks, "socket connect"},
		"musl-stripped": {small, "./names", []string{static + " -s"}, byC, looks, "socket connect"},
	} {
		t.Run(name, func(t *testing.T) {
			env, root := withCForARM64(t), arm64Root
			if strings.HasPrefix(name, "musl") { // Debian's musl:arm64 is where it belongs
				env, root = append(env, "CC=aarch64-linux-musl-gcc"), ""
			}
			path := buildOnce(t, "carm64-"+name, c.dir, env, append(c.flags, c.pkg)...)
			u, err := scan.File(path, scan.Options{Sysroot: root})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range u.Unresolved {
				t.Errorf("%s in %s: %s", o.Function, o.Package, o.Reason)
			}
			seen := underQemu(t, path, c.env, c.args...)
			if missed := without(seen, append(u.Names(), u.Launcher...)); len(missed) > 0 {
				t.Errorf("%v were seen and are not in the list", missed)
			}
			if missing := without(strings.Fields(c.seen), seen); len(missing) > 0 {
				t.Errorf("%v were not seen: that tests little", missing)
			}
		})
	}
}

// What nothing leads to is not in the list, and numbers and arguments are told, as
// they are on amd64.
func TestCForARM64IsTight(t *testing.T) {
	path := buildOnce(t, "names-arm64-c", ".", withCForARM64(t), "./testdata/names")
	u, err := scan.File(path, scan.Options{Sysroot: arm64Root, Phase: usage.Main})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"setuid", "setgid", "ptrace", "mount", "umount2", "shmget", "reboot", "chroot", "unlinkat"} {
		if _, ok := u.Find(name); ok {
			t.Errorf("%s is in the list, which nothing that the program does leads to", name)
		}
	}
	for name, want := range map[string]string{"rseq": "0 d428bc00", "epoll_create1": "80000", "prctl": "37,53564d41"} {
		if call, _ := u.Find(name); told(call.Args) != want {
			t.Errorf("the arguments of %s are %s, want %s", name, told(call.Args), want)
		}
	}
	if !slices.ContainsFunc(u.Libraries, func(l usage.LoaderFile) bool {
		return filepath.Base(l.Path) == "libc.so.6" && len(l.SHA256) == 64
	}) {
		t.Errorf("the libraries are %v, without the C library", u.Libraries)
	}
	crossesIntoC(t, u)
}
