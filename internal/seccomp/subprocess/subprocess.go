//go:build linux

// Package subprocess runs parts of a test in processes of their own, for what
// cannot be taken back or is fatal, such as a filter.
//
// The test binary starts itself again; TestMain hands over to [Main], which
// runs the part instead of the tests. Every run states how it must end. Any
// other end fails the test: a panic, another exit status, a signal, a part that
// is not there.
package subprocess

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// variable names, in the environment, the part to run.
	variable = "CURB_TEST_SUBPROCESS"
	// exitUnknown is what a part that is not there ends with. No part uses it.
	exitUnknown = 97
	// exitFailed is what Fatal ends with.
	exitFailed = 98
	// limit is when a part that hangs is killed, which fails the test.
	limit = 2 * time.Minute
)

// Main is to be called from TestMain. In a process that Run started it runs the
// part and exits, with 0 when the part returns; otherwise it runs the tests.
func Main(m *testing.M, parts map[string]func()) {
	name, isPart := os.LookupEnv(variable)
	if !isPart {
		os.Exit(m.Run())
	}
	part := parts[name]
	if part == nil {
		fmt.Fprintf(os.Stderr, "subprocess: there is no part %q\n", name)
		os.Exit(exitUnknown)
	}
	part()
	os.Exit(0)
}

// Args gives the arguments that Run passed to the part.
func Args() []string { return os.Args[1:] }

// Fatal ends the part as failed.
func Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"subprocess: "}, args...)...)
	os.Exit(exitFailed)
}

// An End is how a process ended.
type End struct {
	status int
	signal syscall.Signal // 0 when it exited
}

// Exit is the end by exit with that status.
func Exit(status int) End { return End{status: status} }

// Killed is the end by that signal.
func Killed(by syscall.Signal) End { return End{signal: by} }

func (e End) String() string {
	if e.signal != 0 {
		return fmt.Sprintf("killed by signal %d (%v)", e.signal, e.signal)
	}
	return fmt.Sprintf("exit status %d", e.status)
}

// Run runs a part and fails the test at once unless it ends as wanted. It
// returns what the part wrote.
func Run(t testing.TB, part string, want End, args ...string) (stdout, stderr string) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return RunCommand(t, part, want, append([]string{executable}, args...))
}

// RunCommand is Run by way of another command, such as strace, that starts this
// executable: argv is the whole command.
func RunCommand(t testing.TB, part string, want End, argv []string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = Environment(part)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatalf("%s: %v", part, err)
	}
	got := endOf(cmd.ProcessState)
	if ctx.Err() != nil {
		t.Fatalf("%s: did not end in %v, want %v\nstdout:\n%s\nstderr:\n%s", part, limit, want, &out, &errs)
	}
	if got != want {
		t.Fatalf("%s: %v, want %v\nstdout:\n%s\nstderr:\n%s", part, got, want, &out, &errs)
	}
	return out.String(), errs.String()
}

// Environment gives the environment in which this executable runs the part.
func Environment(part string) []string {
	return append(slices.DeleteFunc(os.Environ(), isSet), variable+"="+part)
}

// isSet keeps the settings of this process's runtime out of the part's.
func isSet(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	return name == variable || name == "GOTRACEBACK" || name == "GODEBUG"
}

func endOf(state *os.ProcessState) End {
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return Killed(status.Signal())
	}
	return Exit(status.ExitStatus())
}
