package usage

import (
	"encoding/json"
	"strings"
	"testing"
)

// noCaller is a Checker that misses the caller of whatever is at an address.
type noCaller uint64

func (n noCaller) Missing(s *Stack) []Gap {
	var gaps []Gap
	for i, pc := range s.PCs {
		if pc == uint64(n) && i+1 < len(s.PCs) {
			gaps = append(gaps, Gap{Callee: Frame{Function: "callee"}, Caller: Frame{Function: "caller", Package: "p", File: "f.go", Line: 3}, PCs: [2]uint64{pc, s.PCs[i+1]}, Reason: "there is no call"})
		}
	}
	return gaps
}

// predictedWork is what is predicted for the program that recorded is of.
func predictedWork() *Usage {
	u := sample()
	u.Unresolved = nil
	u.Syscalls = append(u.Syscalls, Syscall{Name: "openat", Nr: 257})
	u.Sort()
	return u
}

func TestCompare(t *testing.T) {
	predicted, seen := predictedWork(), recorded()
	c := Compare(predicted)
	c.Add(predicted, seen, noCaller(0x401000))
	c.Add(predicted, seen, noCaller(0x401000))
	if got := strings.Join(c.Observed, " "); got != "exit/386 openat" {
		t.Errorf("observed: %s", got)
	}
	if len(c.Missed) != 1 || c.Missed[0].Name != "exit" || c.Missed[0].Observed.Calls != 2 {
		t.Errorf("missed: %+v", c.Missed)
	}
	if len(c.Gaps) != 2 || c.Stacks != 4 || c.Unknown != 0 {
		t.Errorf("%d stacks, %d unknown, with the gaps %+v", c.Stacks, c.Unknown, c.Gaps)
	}
	var unseen []string
	for _, s := range c.Unseen {
		unseen = append(unseen, s.Name)
	}
	if got := strings.Join(unseen, " "); got != "#1000 restart_syscall write" {
		t.Errorf("never observed: %s", got)
	}
	if len(predicted.Syscalls) != 4 {
		t.Errorf("what was predicted has changed: %+v", predicted.Syscalls)
	}
	if _, err := json.Marshal(c); err != nil {
		t.Error(err)
	}
}

// What other programs do says what is exercised, and nothing about what was missed.
func TestCompareOthers(t *testing.T) {
	predicted, other := predictedWork(), recorded()
	other.Binary = "/tmp/work.test"
	c := Compare(predicted)
	c.AddOther(other)
	if len(c.Missed) != 0 || len(c.Gaps) != 0 || len(c.Unseen) != 3 || strings.Join(c.Others, " ") != "/tmp/work.test" {
		t.Errorf("got %+v", c)
	}
}

func TestCompareWrite(t *testing.T) {
	predicted := predictedWork()
	for name, tt := range map[string]struct {
		change func(*Comparison)
		want   string
	}{
		"well": {func(c *Comparison) {
			s := recorded()
			s.Syscalls = s.Syscalls[1:]
			c.Add(predicted, s, noCaller(0))
		}, `./work: 1 system call observed, in 2 recordings, and 3 predicted that were not (go1.26.0, linux/amd64, phase exec)
The recordings missed 1 call and 4 processes.

Predicted, and never observed:
SYSTEM CALL      MADE BY    AT                               ALSO FROM
#1000            main.work  example.com/work/cmd/main.go:12
restart_syscall  kernel     goes on with a wait
write            main.work  example.com/work/cmd/main.go:12  1 more

The static call graph has all callers and callees of 2 stacks.
`},
		"bugs": {func(c *Comparison) {
			s := recorded()
			s.Syscalls[0].Stacks = s.Syscalls[1].Stacks[:1]
			c.Add(predicted, s, noCaller(0x401000))
			c.Unseen = nil
		}, `./work: 2 system calls observed, in 2 recordings, and 0 predicted that were not (go1.26.0, linux/amd64, phase exec)
The recordings missed 1 call and 4 processes.

Observed, and not predicted. This is a bug in curb. Please report it, with the binary and the recording: https://github.com/gocurb/curb/issues
SYSTEM CALL  CALLS  MADE BY
exit/386     1      syscall.Syscall < main.main

Seen in stacks, and not in the static call graph. This is a bug in curb, whether a call was missed or not. Please report it, with the binary and the recording: https://github.com/gocurb/curb/issues
CALLEE  CALLER  AT        WHAT IS WRONG
callee  caller  p/f.go:3  there is no call
callee  caller  p/f.go:3  there is no call
`},
		"unresolved": {func(c *Comparison) {
			s := recorded()
			s.Syscalls[1].Stacks = []Stack{{Calls: 1}}
			c.Add(predicted, s, noCaller(0))
			c.Unseen = nil
			c.Unresolved = []Unresolved{{Reason: "it is not known", Frame: Frame{Function: "f"}}}
		}, `./work: 2 system calls observed, in 2 recordings, and 0 predicted that were not (go1.26.0, linux/amd64, phase exec)
The recordings missed 1 call and 4 processes.

Observed, and not in the list, which may be incomplete, as said below:
SYSTEM CALL  CALLS  MADE BY
exit/386     1

The static call graph has all callers and callees of 0 stacks.

Without addresses, and not compared: 1 stack.

Not resolved, so the list may be incomplete:
  f: it is not known
`},
		"others": {func(c *Comparison) { c.AddOther(recorded()); c.Unseen = nil }, `./work: 2 system calls observed, in 2 recordings, and 0 predicted that were not (go1.26.0, linux/amd64, phase exec)
What these did counts as observed: /bin/work.
The recordings missed 1 call and 4 processes.
`},
	} {
		t.Run(name, func(t *testing.T) {
			c := Compare(predicted)
			tt.change(c)
			var got strings.Builder
			if err := c.Write(&got); err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			for line := range strings.Lines(got.String()) {
				text.WriteString(strings.TrimRight(line, " \n") + "\n")
			}
			if text.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", &text, tt.want)
			}
		})
	}
}
