//go:build linux && (amd64 || arm64)

package record

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/launch"
)

// A straceLine is what "strace -c" says of one call.
type straceLine struct{ calls, errors uint64 }

// TestStrace: the counts are those of strace, call by call.
func TestStrace(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip(err)
	}
	for _, command := range []string{
		"/bin/true", "/bin/ls /usr /nonexistent", "/bin/cat /etc/passwd /nonexistent",
		"/usr/bin/env sh -c true", "/bin/sh -c :; /bin/ls /usr; /bin/cat /etc/passwd; exec /bin/true",
	} {
		args := strings.Fields(command)
		if script, ok := strings.CutPrefix(command, "/bin/sh -c "); ok {
			args = []string{"/bin/sh", "-c", script}
		}
		want := straced(t, args)
		byEach(t, func(t *testing.T, m Method) {
			r := newRecorder(t, Options{Method: m})
			null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer null.Close()
			if _, err := recorded(t.Context(), r, launch.Cmd{Path: args[0], Args: args, Stdout: null, Stderr: null}); err != nil {
				t.Fatal(err)
			}
			got := map[string]straceLine{"execve": {calls: 1}} // the launcher's
			for _, u := range usagesOf(t, r) {
				for _, s := range u.Syscalls {
					line := got[s.Name]
					line.calls += s.Observed.Calls
					for _, n := range s.Observed.Errors {
						line.errors += n
					}
					got[s.Name] = line
				}
			}
			delete(got, "exit_group") // strace counts calls that end
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\ngot  %v\nwant %v", command, got, want)
			}
		})
	}
}

// straced runs a command under strace.
func straced(t *testing.T, args []string) map[string]straceLine {
	t.Helper()
	table := filepath.Join(t.TempDir(), "table")
	cmd := exec.Command("strace", append([]string{"-f", "-c", "-qq", "-o", table, "-U", "name,calls,errors", "--"}, args...)...)
	cmd.Run() // ends as the command does
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]straceLine{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "total" {
			continue
		}
		calls, err := strconv.ParseUint(fields[1], 10, 64)
		if err != nil {
			continue // the head
		}
		var errors uint64
		if len(fields) > 2 {
			errors, _ = strconv.ParseUint(fields[2], 10, 64)
		}
		// strace calls a call by the name that it has in the headers.
		lines[fields[0]] = straceLine{calls, errors}
	}
	if len(lines) == 0 {
		t.Fatalf("strace wrote %q", text)
	}
	return lines
}
