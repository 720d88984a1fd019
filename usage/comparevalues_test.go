package usage

import (
	"fmt"
	"strings"
	"testing"
)

// TestCompareValues: a value that was seen is to be one that was predicted, where
// the prediction has any.
func TestCompareValues(t *testing.T) {
	socket := func(cases [][]ArgValues, args ...ArgValues) *Usage {
		u := &Usage{Binary: "./work", GoVersion: "go1.26.0", Arch: "amd64", Phase: Exec, Syscalls: []Syscall{{Name: "socket", Nr: 41, Args: args, Cases: cases}}}
		u.Sort()
		return u
	}
	seen := socket(nil, ArgValues{Index: 0, Name: "family", Values: []uint64{1, 10}}, ArgValues{Index: 1, Name: "type", Values: []uint64{1, 0x80802}})
	seen.Syscalls[0].Observed = &Observed{Calls: 3}
	seen.Syscalls[0].Stacks = []Stack{{Calls: 3, Frames: []Frame{{Function: "syscall.socket"}, {Function: "main.dial"}}}}
	for _, test := range []struct {
		name      string
		predicted *Usage
		want      string
	}{
		{"all", socket(nil, arg(0, 0, 1, 2, 10), arg(1, 0x80800, 1, 2)), ""},
		{"any", socket(nil, ArgValues{Index: 0, Any: true}), ""},
		{"nothing known", socket(nil), ""},
		{"one not", socket(nil, arg(0, 0, 1, 2), arg(1, 0x80800, 1, 2)), "family AF_INET6"},
		{"bits not free", socket(nil, arg(0, 0, 1, 2, 10), arg(1, 0x800, 1, 2)), "type SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC"},
		{"in no case", socket([][]ArgValues{{arg(0, 0, 1), arg(1, 0x80800, 2)}, {arg(0, 0, 2), arg(1, 0, 1)}}), "family AF_INET6"},
		{"in one case", socket([][]ArgValues{{arg(0, 0, 1)}, {arg(0, 0, 10)}}), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Compare(test.predicted)
			c.Add(test.predicted, seen, noCaller(0))
			c.Add(test.predicted, seen, noCaller(0))
			var got []string
			for _, m := range c.MissedValues {
				got = append(got, fmt.Sprint(m.Argument, " ", m.Text))
			}
			if fmt.Sprint(strings.Join(got, ", ")) != test.want || len(c.Missed) > 0 {
				t.Errorf("missed %q, want %q", got, test.want)
			}
			var text strings.Builder
			if err := c.Write(&text); err != nil {
				t.Fatal(err)
			}
			told := strings.Contains(text.String(), "\nValues of arguments that were observed, and not predicted. This is a bug in curb.") &&
				strings.Contains(text.String(), "\nSYSTEM CALL  ARGUMENT  VALUE") && strings.Contains(text.String(), "  syscall.socket < main.dial\n")
			if told != (test.want != "") {
				t.Errorf("it says:\n%s", &text)
			}
		})
	}
}
