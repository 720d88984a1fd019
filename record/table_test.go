package record

import (
	"strings"
	"testing"
	"time"

	"github.com/gocurb/curb/usage"
)

func TestTable(t *testing.T) {
	call := func(name, arch string, calls, denied uint64, took time.Duration, errors map[int]uint64) usage.Syscall {
		return usage.Syscall{Name: name, Arch: arch, Observed: &usage.Observed{Calls: calls, Denied: denied, Time: took, Errors: errors}}
	}
	one := &usage.Usage{Arch: "amd64", Syscalls: []usage.Syscall{
		call("read", "", 10, 0, 3*time.Millisecond, map[int]uint64{4: 1, 11: 2}),
		call("close", "", 4, 0, time.Millisecond, nil),
		call("exit_group", "", 1, 0, 0, nil),
	}}
	two := &usage.Usage{Arch: "amd64", Syscalls: []usage.Syscall{
		call("read", "", 10, 0, 3*time.Millisecond, nil), call("getpid", "386", 20, 0, time.Millisecond, nil),
	}}
	denied := &usage.Usage{Arch: "amd64", Syscalls: []usage.Syscall{call("mount", "", 0, 3, 0, nil)}}
	for _, tt := range []struct {
		order  Order
		usages []*usage.Usage
		want   string
	}{
		{ByTime, []*usage.Usage{one, two}, `
  % time   seconds  usecs/call  calls  errors  syscall
   75.00  0.006000       300.0     20       3  read
   12.50  0.001000        50.0     20          getpid (386)
   12.50  0.001000       250.0      4          close
    0.00  0.000000         0.0      1          exit_group
  100.00  0.008000       177.8     45       3  total
`},
		{ByName, []*usage.Usage{one, denied}, `
  % time   seconds  usecs/call  calls  errors  denied  syscall
   25.00  0.001000       250.0      4                  close
    0.00  0.000000         0.0      1                  exit_group
    0.00  0.000000                  0               3  mount
   75.00  0.003000       300.0     10       3          read
  100.00  0.004000       266.7     15       3       3  total
`},
		{ByCalls, nil, `
  % time  seconds  usecs/call  calls  errors  syscall
                                   0          total
`},
	} {
		var got strings.Builder
		if err := WriteTable(&got, tt.order, tt.usages...); err != nil {
			t.Fatal(err)
		}
		if got.String() != tt.want[1:] {
			t.Errorf("by %s:\n%swant\n%s", tt.order, &got, tt.want[1:])
		}
	}
}
