package scan_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/record"
	"github.com/gocurb/curb/usage"
)

// watched runs a program and returns what it, and the programs that it started,
// asked of the kernel.
func watched(t *testing.T, dir string, args ...string) []*usage.Usage {
	t.Helper()
	r, err := record.New(record.Options{Method: record.Ptrace})
	if err != nil {
		t.Skip("this machine does not let programs be traced: ", err)
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var status launch.Status
	err = r.Run(t.Context(), args, func(hooks record.Hooks) error {
		c := launch.Cmd{
			Path: args[0], Args: args, Dir: dir, Unfiltered: true, Hold: hooks.Hold,
			Stdin: null, Stdout: null, Stderr: null,
		}
		if hooks.Reap != nil {
			c.Reap = func(stopped func(int)) (status launch.Status, err error) {
				status.Code, status.Signal, err = hooks.Reap(stopped)
				return status, err
			}
		}
		status, err = c.Run()
		return err
	})
	if err != nil || status != (launch.Status{}) {
		t.Fatalf("%v ended with %+v, %v", args, status, err)
	}
	usages, err := r.Usages()
	if err != nil {
		t.Fatal(err)
	}
	return usages
}

// holdValues holds the values that arguments were seen to have against those that
// are predicted, and returns how many there were.
func holdValues(t *testing.T, predicted, seen *usage.Usage) (values int) {
	t.Helper()
	c := usage.Compare(predicted)
	c.Add(predicted, seen, nil)
	for _, m := range c.Missed {
		t.Errorf("%s makes %s, which is not predicted", seen.Binary, m.Name)
	}
	for _, m := range c.MissedValues {
		t.Errorf("%s calls %s with %s %#x (%s), which is not predicted", seen.Binary, m.Syscall, m.Argument, m.Value, m.Text)
	}
	for _, s := range seen.Syscalls {
		for _, a := range s.Args {
			values += len(a.Values)
		}
	}
	return values
}

// What programs really ask for is within what is predicted.
func TestArgumentsAreSeen(t *testing.T) {
	small := func(name string) string {
		return buildOnce(t, "small-"+name, "../internal/corpus/testdata/small", nil, "./"+name)
	}
	tool := func(name string) string { return filepath.Join(goroot(t), "bin", name) }
	vet := buildOnce(t, "tool-vet", ".", nil, "cmd/vet")
	gofmt := buildOnce(t, "tool-gofmt", ".", nil, "cmd/gofmt")
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"arguments":          {program(t, "arguments", "plain")},
		"arguments-stripped": {program(t, "arguments", "stripped")},
		"arguments-pie":      {program(t, "arguments", "pie")},
		"hello":              {small("hello")},
		"files":              {small("files")},
		"processes":          {small("processes")},
		"roundtrip":          {small("roundtrip")},
		"gofmt":              {gofmt, "-l", here},
		"vet":                {vet, "help"},
		"go":                 {tool("go"), "list", "./testdata/hello"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if strings.HasPrefix(name, "go") {
				dir = here
			}
			path, err := exec.LookPath(args[0])
			if err != nil {
				t.Fatal(err)
			}
			predicted := scanned(t, path)
			for _, seen := range watched(t, dir, args...) {
				if seen.Binary != path {
					continue
				}
				if n := holdValues(t, predicted, seen); n < 20 {
					t.Errorf("only %d values were seen", n)
				}
			}
		})
	}
}
