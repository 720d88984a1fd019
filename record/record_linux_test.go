//go:build linux && (amd64 || arm64)

package record

import (
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// TestThreads: not one call of hundreds of threads is lost, or counted twice.
func TestThreads(t *testing.T) {
	const threads = 300
	for _, tt := range []struct {
		name  string
		o     Options
		times uint64
	}{
		{"bpf", Options{Method: BPF}, 1000},
		{"bpf, calls only", Options{Method: BPF, CallsOnly: true}, 1000},
		{"bpf, stacks", Options{Method: BPF, Stacks: true}, 100},
		{"bpf, old kernel", Options{Method: BPF, oldKernel: true}, 100},
		{"bpf, few places", Options{Method: BPF, places: 100}, 100},
		{"bpf, old kernel, no places", Options{Method: BPF, oldKernel: true, places: 1}, 100},
		{"ptrace", Options{Method: Ptrace}, 10},
		{"ptrace, calls only", Options{Method: Ptrace, CallsOnly: true}, 5},
		{"ptrace, stacks", Options{Method: Ptrace, Stacks: true}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := threads * tt.times
			usages := run(t, tt.o, role(t, "threads", strconv.Itoa(threads), strconv.FormatUint(tt.times, 10)))
			if got := seen(usages, "", "getppid"); got.Calls != want || len(got.Errors) > 0 {
				t.Errorf("getppid: %+v, want %d calls", got, want)
			}
			dup := seen(usages, "", "dup3")
			if failed := dup.Errors[int(unix.EBADF)]; dup.Calls != want || !tt.o.CallsOnly && failed+dup.Errors[int(unix.EINVAL)] != want {
				t.Errorf("dup3: %+v, want %d that fail", dup, want)
			}
			if !tt.o.CallsOnly && dup.Time <= 0 {
				t.Errorf("dup3 took %v", dup.Time)
			}
			call, _ := usages[0].Find("dup3")
			if args := call.Args; len(args) != 1 || args[0].Name != "flags" || args[0].Any || !slices.Equal(args[0].Values, []uint64{unix.O_CLOEXEC}) {
				t.Errorf("the arguments of dup3 are %+v", args)
			}
			if tt.o.Stacks {
				var calls uint64
				for _, s := range call.Stacks {
					calls += s.Calls
				}
				if calls != want {
					t.Errorf("dup3 has stacks of %d calls, want %d", calls, want)
				}
			}
		})
	}
}
