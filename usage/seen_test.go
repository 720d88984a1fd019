package usage

import (
	"fmt"
	"testing"
)

func TestAddSeen(t *testing.T) {
	u, r := predictedWork(), recorded()
	stacks := r.Syscalls[1].Stacks
	r.Syscalls = append(r.Syscalls,
		Syscall{Name: "reboot", Nr: 169, Observed: &Observed{Calls: 1}, Stacks: stacks},
		Syscall{Name: "swapon", Nr: 167, Observed: &Observed{Denied: 3}},
		Syscall{Name: "sync", Nr: 162, Observed: &Observed{Calls: 2}},
	)
	before, _ := u.Find("openat")
	seen := u.AddSeen(r)
	const want = "{[reboot sync] [swapon] [exit/386] {1 2 3 4} false}"
	if got := fmt.Sprint(seen); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(u.Names()); got != "[#1000 openat reboot restart_syscall sync write]" {
		t.Errorf("it has now %s", got)
	}
	if after, _ := u.Find("openat"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("what was there has changed: %+v", after)
	}
	reboot, _ := u.Find("reboot")
	e := reboot.Evidence[0]
	if len(reboot.Evidence) != 1 || e.Function != "syscall.Syscall" || len(e.Chain) != 2 || e.Chain[0].Function != "main.main" || e.Chain[0].How != "root" {
		t.Errorf("reboot has the evidence %+v", reboot.Evidence)
	}
	if len(u.Recordings) != 1 {
		t.Errorf("it rests on the recordings %+v", u.Recordings)
	}
}

// TestAddSeenArgs: what was seen of arguments is added to what was predicted, and
// where the recorder did not look they can be anything.
func TestAddSeenArgs(t *testing.T) {
	for _, test := range []struct {
		name string
		lost Lost
		want string
	}{
		{"complete", Lost{}, "[{2 flags [0 1] 0 false}] [{0 family [10] 0 false}]"},
		{"values lost", Lost{Values: 1}, "[] []"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := &Usage{Arch: "amd64", Syscalls: []Syscall{{Name: "openat", Nr: 257, Args: []ArgValues{arg(2, 0, 0)}}}}
			u.AddSeen(&Usage{Arch: "amd64", Recordings: []Recording{{ID: "1", Lost: test.lost}}, Syscalls: []Syscall{
				{Name: "openat", Nr: 257, Observed: &Observed{Calls: 1}, Args: []ArgValues{{Index: 2, Name: "flags", Values: []uint64{1}}}},
				{Name: "socket", Nr: 41, Observed: &Observed{Calls: 1}, Args: []ArgValues{{Index: 0, Name: "family", Values: []uint64{10}}}},
			}})
			open, _ := u.Find("openat")
			socket, _ := u.Find("socket")
			if got := fmt.Sprint(open.Args, " ", socket.Args); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
