//go:build linux && amd64

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// The test binary is the command as well, when it is called curb.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"curb": main})
}

// TestScripts runs what users type. Each script has its own directory, and its
// own TMPDIR, which the command must leave empty.
func TestScripts(t *testing.T) {
	goEnv, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal("go env:", err)
	}
	var caches map[string]string
	if err := json.Unmarshal(goEnv, &caches); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for name, dir := range caches {
				env.Setenv(name, dir)
			}
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("CGO_ENABLED", "0")
			env.Setenv("GOFLAGS", "")
			env.Setenv("GOPROXY", "off")
			env.Setenv("GOTOOLCHAIN", "local")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ends":    ends,
			"empty":   empty,
			"entries": entries,
			"isusage": isUsage,
		},
	})
}

// ends runs a command, and compares how it ends: ends WANT COMMAND..., where
// WANT is an exit code or the name of a signal.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: ends CODE|SIGNAL COMMAND [ARGS...]")
	}
	got := "0"
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		if got = fmt.Sprint(status.ExitStatus()); status.Signaled() {
			got = unix.SignalName(status.Signal())
		}
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("%s ended with %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
	if strings.Contains(ts.ReadFile("stderr"), "main.execute(") {
		ts.Fatalf("%s: curb itself panicked", strings.Join(args[1:], " "))
	}
}

// empty checks that a directory has nothing in it.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if neg == (len(entries) == 0) {
		ts.Fatalf("%s holds %v", args[0], entries)
	}
}

// entries checks how many files there are in a directory: entries DIR COUNT.
func entries(ts *testscript.TestScript, neg bool, args []string) {
	found, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprint(len(found)); neg || got != args[1] {
		ts.Fatalf("%s holds %s files, want %s", args[0], got, args[1])
	}
}

// isUsage checks that the last output is JSON with the documented fields, and
// that it has the named calls, each with its number and with evidence: isusage
// NAME/NR/FUNCTION...
func isUsage(ts *testscript.TestScript, neg bool, args []string) {
	type frame struct{ Function, File, Package, How string }
	var got struct {
		Binary, GoVersion, Arch, Phase string
		Syscalls                       []struct {
			Name     string
			Nr       *int
			Evidence []struct {
				frame
				Chain []frame
			}
		}
		Unresolved []struct {
			frame
			Reason string
		}
	}
	text := ts.ReadFile("stdout")
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		ts.Fatalf("not JSON: %v", err)
	}
	if got.Binary == "" || got.GoVersion != runtime.Version() || got.Arch != "amd64" || got.Phase != "exec" {
		ts.Fatalf("binary %q, goVersion %q, arch %q, phase %q", got.Binary, got.GoVersion, got.Arch, got.Phase)
	}
	// None of the lists is null.
	for _, key := range []string{`"syscalls": [`, `"unresolved": [`} {
		if !strings.Contains(text, key) {
			ts.Fatalf("no %s", key)
		}
	}
	for _, arg := range args {
		want := strings.Split(arg, "/")
		found := false
		for _, s := range got.Syscalls {
			if s.Name != want[0] || s.Nr == nil || fmt.Sprint(*s.Nr) != want[1] {
				continue
			}
			for _, e := range s.Evidence {
				found = found || e.Function == want[2] && e.File != "" && e.Package != "" &&
					len(e.Chain) > 0 && e.Chain[0].How == "root"
			}
		}
		if found == neg {
			ts.Fatalf("%s: found %v", arg, found)
		}
	}
}

// curb returns a command that runs this test binary as curb.
func curb(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: self, Args: append([]string{"curb"}, args...), Env: append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir())}
}

// TestOutputLost: when nobody reads the result, or it finds no room, the command
// does not end with success.
func TestOutputLost(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"scan", self}, {"scan", "--json", self}, {"version"}, {"help"}, {"help", "run"}, {"gen", "--help"}, {"filter", "--help"}} {
		t.Run(strings.Join(args[:len(args)-1], " ")+" full", func(t *testing.T) {
			full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer full.Close()
			var stderr bytes.Buffer
			cmd := curb(t, args...)
			cmd.Stdout, cmd.Stderr = full, &stderr
			cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != exitUsage || !strings.HasPrefix(stderr.String(), "curb: write ") || strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("with a full disk: exit code %d, message %q", code, stderr.String())
			}
		})
		t.Run(strings.Join(args[:len(args)-1], " ")+" closed", func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			r.Close()
			cmd := curb(t, args...)
			cmd.Stdout = w
			if err := cmd.Run(); err == nil {
				t.Error("with a closed pipe it ended with success")
			}
		})
	}
}

// TestUnreadable: a file without the permission to read it.
func TestUnreadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"scan", "run"} {
		var stdout, stderr bytes.Buffer
		cmd := curb(t, name, path)
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		done := make(chan error)
		go func() {
			// Root reads everything by two capabilities, which what this thread
			// starts does without. The thread ends with the goroutine.
			runtime.LockOSThread()
			if os.Geteuid() == 0 {
				for _, c := range []uintptr{unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH} {
					if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
						done <- err
						return
					}
				}
			}
			cmd.Run()
			done <- nil
		}()
		if err := <-done; err != nil {
			t.Fatal("drop a capability:", err)
		}
		want := fmt.Sprintf("curb: open %s: permission denied\n", path)
		if code := cmd.ProcessState.ExitCode(); code != exitUsage || !strings.HasSuffix(stderr.String(), "permission denied\n") || !strings.Contains(stderr.String(), path) {
			t.Errorf("curb %s: exit code %d, message %q; want %d, like %q", name, code, stderr.String(), exitUsage, want)
		}
		if stdout.Len() > 0 {
			t.Errorf("curb %s wrote %q", name, stdout.String())
		}
	}
}

// TestHelpIsComplete: help names every subcommand, and every subcommand has a
// help of its own that shows its flags.
func TestHelpIsComplete(t *testing.T) {
	help := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if code := execute(t.Context(), args, nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
			t.Errorf("curb %v: exit code %d, message %q", args, code, stderr.String())
		}
		return stdout.String()
	}
	all := help("help")
	if all != help("--help") || all != help("-h") {
		t.Error("help, --help and -h differ")
	}
	var names []string
	for _, cmd := range newRoot().Commands() {
		names = append(names, cmd.Name())
		if !strings.Contains(all, "  "+cmd.Name()+" ") || !strings.Contains(all, cmd.Short) {
			t.Errorf("help says nothing of %s", cmd.Name())
		}
		text := help("help", cmd.Name())
		if text != help(cmd.Name(), "--help") {
			t.Errorf("help %s and %s --help differ", cmd.Name(), cmd.Name())
		}
		if !strings.Contains(text, "curb "+cmd.Use) {
			t.Errorf("help %s does not show how it is used", cmd.Name())
		}
	}
	for _, name := range []string{"scan", "why", "run", "gen", "version"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no command %s", name)
		}
	}
}
