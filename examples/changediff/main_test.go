package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	source = "testdata/source.changes"
	target = "testdata/target.changes"
)

// program is the built program, as a user runs it.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "changediff")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "changediff.exe")
		if err := goBuild(program); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// goBuild builds this package into the file out. Without C code, as the
// lock-down was generated.
func goBuild(out string, flags ...string) error {
	return goBuildEnv([]string{"CGO_ENABLED=0"}, out, flags...)
}

func goBuildEnv(env []string, out string, flags ...string) error {
	args := append([]string{"build", "-o", out}, flags...)
	build := exec.Command("go", append(args, ".")...)
	build.Env = append(build.Environ(), env...)
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", strings.Join(env, " "), build, err, output)
	}
	return nil
}

// withoutLockDown returns the flag that builds the package with a lock-down
// that does nothing instead of the generated one, whatever the build.
func withoutLockDown(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	stub := filepath.Join(dir, "curb_stub.go")
	writeFile(t, stub, []byte("package main\n\nfunc curbLockDown() {}\n"))
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	generated, err := filepath.Glob(filepath.Join(here, "curb_*.go"))
	if err != nil || len(generated) == 0 {
		t.Fatalf("no generated files in %s: %v", here, err)
	}
	// An empty path stands for a file that is not there.
	replace := map[string]string{filepath.Join(here, "curb_stub.go"): stub}
	for _, file := range generated {
		replace[file] = ""
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	writeFile(t, name, overlay)
	return "-overlay=" + name
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// An ending is how a run of the program ended.
type ending struct {
	status         int
	stdout, stderr string
}

// execute runs a build of the program to its end. One that hangs is killed,
// which is a failure of the test.
func execute(t *testing.T, env []string, program string, args ...string) ending {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(cmd.Environ(), env...)
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s hangs; so far it wrote:\n%s%s", cmd, &stdout, &stderr)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ending{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// golden returns the output for the two changelogs in testdata.
func golden(t *testing.T) string {
	t.Helper()
	want, err := os.ReadFile("testdata/missing.golden")
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}

func TestOutput(t *testing.T) {
	want := ending{stdout: golden(t)}
	if got := execute(t, nil, program, source, target); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := execute(t, nil, program, source, source); got != (ending{}) {
		t.Errorf("a changelog compared with itself: got %+v, want nothing", got)
	}
}

func TestUnreadableFiles(t *testing.T) {
	nowhere := filepath.Join("testdata", "nowhere.changes")
	for _, test := range []struct {
		name           string
		source, target string
		named          []string // one a line of the message
	}{
		{"no source", nowhere, target, []string{nowhere}},
		{"no target", source, nowhere, []string{nowhere}},
		{"neither", nowhere, "void.changes", []string{nowhere, "void.changes"}},
		{"a directory", "testdata", target, []string{"testdata"}},
		{"below a file", source, filepath.Join(source, "x"), []string{filepath.Join(source, "x")}},
		{"no name", source, "", []string{""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := execute(t, nil, program, test.source, test.target)
			if got.status != 1 || got.stdout != "" {
				t.Errorf("got %+v, want status 1 and nothing on stdout", got)
			}
			lines := strings.Split(strings.TrimSuffix(got.stderr, "\n"), "\n")
			if len(lines) != len(test.named) {
				t.Fatalf("stderr has %d lines, want %d:\n%s", len(lines), len(test.named), got.stderr)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, "changediff: cannot read the changelog: ") ||
					!strings.Contains(line, " "+test.named[i]+": ") {
					t.Errorf("message %q does not say that %q cannot be read", line, test.named[i])
				}
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {source}, {source, target, target}, {"-h"}} {
		got := execute(t, nil, program, args...)
		want := ending{status: 2, stderr: "usage: changediff SOURCE TARGET\n"}
		if got != want {
			t.Errorf("changediff %q: got %+v, want %+v", args, got, want)
		}
	}
}

// fullDisk is a writer that has no room.
type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestOutputThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	status := run([]string{source, target}, fullDisk{}, &stderr)
	want := "changediff: cannot write the result: no space left\n"
	if status != 1 || stderr.String() != want {
		t.Errorf("got status %d and %q, want 1 and %q", status, &stderr, want)
	}
}

// TestNoDataRace runs a build of the program that the race detector watches.
func TestNoDataRace(t *testing.T) {
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(strings.TrimSpace(string(cc))); err != nil {
		t.Skipf("the race detector needs a C compiler: %v", err)
	}
	watched := filepath.Join(t.TempDir(), "changediff.exe")
	if err := goBuildEnv([]string{"CGO_ENABLED=1"}, watched, "-race", withoutLockDown(t)); err != nil {
		t.Fatal(err)
	}
	if got, want := execute(t, nil, watched, source, target), (ending{stdout: golden(t)}); got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := execute(t, nil, watched, "nowhere", "void"); got.status != 1 {
		t.Errorf("two missing files: got %+v, want status 1", got)
	}
}

func TestBuildsForOtherSystems(t *testing.T) {
	for _, goos := range []string{"windows", "darwin", "freebsd", "openbsd"} {
		t.Run(goos, func(t *testing.T) {
			env := []string{"CGO_ENABLED=0", "GOOS=" + goos, "GOARCH=amd64"}
			if err := goBuildEnv(env, filepath.Join(t.TempDir(), "changediff.exe")); err != nil {
				t.Error(err)
			}
		})
	}
}
