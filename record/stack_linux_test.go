//go:build linux && (amd64 || arm64)

package record

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/gocurb/curb/internal/launch"
	"github.com/gocurb/curb/usage"
)

// TestStacks: a call's stack has every function from the call to the goroutine's
// start, with inlined ones and the caller of a leaf without a frame, in stripped
// and position-independent binaries too.
func TestStacks(t *testing.T) {
	for _, flags := range [][]string{nil, {"-ldflags=-s -w"}, {"-buildmode=pie"}} {
		binary := filepath.Join(t.TempDir(), "calls")
		build := exec.Command("go", append(append([]string{"build", "-o", binary}, flags...), ".")...)
		build.Dir = "testdata/calls"
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		byEach(t, func(t *testing.T, m Method) {
			usages := run(t, Options{Method: m, Stacks: true}, launch.Cmd{Path: binary, Args: []string{binary}})
			call, _ := usages[0].Find("getppid")
			if len(call.Stacks) != 1 || call.Stacks[0].Calls != 7 || call.Stacks[0].Cut {
				t.Fatalf("%v: the stacks of getppid are %+v", flags, call.Stacks)
			}
			stack := call.Stacks[0]
			names := functions(&stack)
			i := slices.Index(names, "syscall.Getppid")
			if i < 1 || !strings.HasSuffix(names[0], "yscall6") && !strings.Contains(names[0], "awSyscall") ||
				!slices.Equal(names[i:], []string{"syscall.Getppid", "main.main", "runtime.main", "runtime.goexit"}) {
				t.Errorf("%v: the functions are %v", flags, names)
			}
			if at := stack.Frames[i+1]; at.Line != 8 || at.Package != "main" || at.Module != "calls" {
				t.Errorf("%v: main.main is %+v", flags, at)
			}
			if len(stack.PCs) > len(stack.Frames) || slices.Contains(stack.PCs, 0) {
				t.Errorf("%v: the addresses are %#x for %v", flags, stack.PCs, names)
			}
		})
	}
}

func functions(s *usage.Stack) []string {
	var names []string
	for _, f := range s.Frames {
		names = append(names, f.Function)
	}
	return names
}

// TestProfile: a profile holds the stacks, and has them end in the call.
func TestProfile(t *testing.T) {
	frames := []usage.Frame{{Function: "syscall.write", File: "f.go", Line: 3}, {Function: "main.main", File: "m.go", Line: 9}}
	u := &usage.Usage{Binary: "b", Syscalls: []usage.Syscall{
		{Name: "write", Stacks: []usage.Stack{{Frames: frames, Calls: 5, Time: 70}, {Frames: frames[:1], Calls: 1}}},
		{Name: "read", Stacks: []usage.Stack{{Frames: frames[1:], Calls: 2, Time: 30}}},
	}}
	var b bytes.Buffer
	if err := WriteProfile(&b, u); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	var calls, time int64
	leaves := map[string]bool{}
	for _, s := range p.Sample {
		calls += s.Value[0]
		time += s.Value[1]
		leaves[s.Location[0].Line[0].Function.Name] = true
	}
	if calls != 8 || time != 100 || len(p.Sample) != 3 || !leaves["[write]"] || !leaves["[read]"] || p.SampleType[1].Unit != "nanoseconds" {
		t.Errorf("%d calls, %d ns, %v:\n%v", calls, time, leaves, p)
	}
}
