//go:build linux

package subprocess

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	Main(m, map[string]func(){
		"return": func() { fmt.Println("args:", strings.Join(Args(), " ")) },
		"exit":   func() { os.Exit(3) },
		"fatal":  func() { Fatal("it went wrong") },
		"panic":  func() { panic(errors.New("a panic")) },
		"kill":   func() { syscall.Kill(syscall.Getpid(), syscall.SIGKILL) },
	})
}

func TestEnds(t *testing.T) {
	if out, _ := Run(t, "return", Exit(0), "a", "b"); out != "args: a b\n" {
		t.Errorf("the part wrote %q", out)
	}
	Run(t, "exit", Exit(3))
	Run(t, "kill", Killed(syscall.SIGKILL))
	if _, errs := Run(t, "fatal", Exit(exitFailed)); !strings.Contains(errs, "it went wrong") {
		t.Errorf("stderr is %q", errs)
	}
	if _, errs := Run(t, "panic", Exit(2)); !strings.Contains(errs, "panic: a panic") {
		t.Errorf("stderr is %q", errs)
	}
}

// recorder takes the place of a test that is expected to fail.
type recorder struct {
	testing.TB
	failure string
}

type failed struct{}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	panic(failed{})
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// failureOf gives the message with which a run fails, "" when it does not.
func failureOf(part string, want End) (message string) {
	r := new(recorder)
	defer func() {
		if v := recover(); v != nil && v != any(failed{}) {
			panic(v)
		}
		message = r.failure
	}()
	Run(r, part, want)
	return
}

func TestAnyOtherEndFails(t *testing.T) {
	tests := []struct {
		part string
		want End
		says string
	}{
		{"return", Exit(1), "return: exit status 0, want exit status 1"},
		{"return", Killed(syscall.SIGSYS), "return: exit status 0, want killed by signal 31"},
		{"exit", Exit(0), "exit: exit status 3, want exit status 0"},
		{"fatal", Exit(0), "it went wrong"},
		{"panic", Exit(0), "a panic"},
		{"kill", Exit(0), "kill: killed by signal 9 (killed), want exit status 0"},
		{"kill", Exit(9), "killed by signal 9"},
		{"kill", Killed(syscall.SIGSYS), "killed by signal 9"},
		{"no such part", Exit(0), `there is no part "no such part"`},
	}
	for _, test := range tests {
		if got := failureOf(test.part, test.want); !strings.Contains(got, test.says) {
			t.Errorf("%s, want %v: the test fails with %q, want that to say %q", test.part, test.want, got, test.says)
		}
	}
}

func TestRunCommand(t *testing.T) {
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := RunCommand(t, "return", Exit(0), []string{env, executable, "c"}); out != "args: c\n" {
		t.Errorf("the part wrote %q", out)
	}
}
