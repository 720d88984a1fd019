//go:build amd64 || arm64

package precompiled_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/internal/seccomp/subprocess"
	"github.com/gocurb/curb/precompiled"
	"github.com/gocurb/curb/syscalls"
)

func TestMain(m *testing.M) {
	subprocess.Main(m, map[string]func(){"enforce": enforce, "must enforce": mustEnforce, "return": enforceAndReturn})
}

// filterFor compiles for this program.
func filterFor(p curb.Policy) precompiled.Filter {
	t := syscalls.Native()
	prog, err := p.Compile(t)
	if err != nil {
		subprocess.Fatal(err)
	}
	return precompiled.Filter{Arch: t.Arch, Program: prog.Packed()}
}

func TestEnforce(t *testing.T) { subprocess.Run(t, "enforce", subprocess.Exit(0)) }

func enforce() {
	f := filterFor(curb.Deny("sethostname", "seccomp"))
	if err := f.Enforce(); err != nil {
		subprocess.Fatal(err)
	}
	if err := syscall.Sethostname(nil); err != syscall.EPERM {
		subprocess.Fatal("sethostname gets", err)
	}
	err := f.Enforce()
	if !errors.Is(err, errors.ErrUnsupported) || !errors.Is(err, syscall.ENOSYS) || !strings.HasPrefix(err.Error(), "curb: ") {
		subprocess.Fatal("where seccomp is denied the error is", err)
	}
	if err := f.BestEffort().Enforce(); err != nil {
		subprocess.Fatal("by best effort the error is", err)
	}
}

func TestMustEnforce(t *testing.T) {
	_, errs := subprocess.Run(t, "must enforce", subprocess.Exit(2))
	if !strings.Contains(errs, "panic: ") || !strings.Contains(errs, "curb: load a filter for all threads: seccomp: function not implemented: ") {
		t.Errorf("stderr:\n%s", errs)
	}
}

func mustEnforce() {
	f := filterFor(curb.Deny("seccomp"))
	f.BestEffort().MustEnforce()
	f.BestEffort().MustEnforce()
	f.MustEnforce()
}

// Once a filter is in force, what put it there makes no call of its own any more on the
// way back to its caller: lists that begin at the lock-down need not allow those.
func TestNothingFollowsTheFilter(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"policy", "precompiled"} {
		log := filepath.Join(t.TempDir(), "log")
		subprocess.RunCommand(t, "return", subprocess.Exit(0), []string{"strace", "-f", "-o", log, executable, form})
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		thread, returned := "", false
		for line := range strings.Lines(string(text)) {
			tid, call, _ := strings.Cut(line, " ")
			name, _, _ := strings.Cut(strings.TrimLeft(call, " "), "(")
			switch {
			case name == "seccomp" && strings.Contains(call, "SECCOMP_SET_MODE_FILTER"):
				thread = tid
			case tid != thread || returned:
			case name == "getppid":
				returned = true
			case slices.Contains([]string{"prctl", "seccomp", "openat", "read", "close"}, name):
				t.Errorf("%s: %s", form, line)
			}
		}
		if !returned {
			t.Errorf("%s: no filter was loaded, or nothing followed:\n%s", form, text)
		}
	}
}

func enforceAndReturn() {
	p := curb.Deny("sethostname")
	f := filterFor(p)
	if subprocess.Args()[0] == "policy" {
		p.MustEnforce()
	} else {
		f.MustEnforce()
	}
	syscall.Getppid()
	if err := syscall.Sethostname(nil); err != syscall.EPERM {
		subprocess.Fatal("sethostname gets", err)
	}
}
