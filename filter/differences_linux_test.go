package filter

import (
	"syscall"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// TestDifferencesFromLibseccomp pins each of the differences that
// docs/libseccomp.md explains, by a policy and a call.
func TestDifferencesFromLibseccomp(t *testing.T) {
	amd64, i386, x32 := syscalls.AMD64, syscalls.I386, syscalls.X32
	mips := []*syscalls.Table{syscalls.MIPS64, syscalls.N32, syscalls.MIPS}
	cond := func(arg int, op Op, v uint64) Cond { return Cond{Arg: arg, Op: op, Values: []uint64{v}} }
	call := func(table *syscalls.Table, name string, args ...uint64) Data {
		c, found := table.ByName(name)
		if !found {
			t.Fatalf("%s has no %s", table.Arch, name)
		}
		d := Data{Nr: c.Nr, Arch: table.AuditArch}
		copy(d.Args[:], args)
		return d
	}
	tests := []struct {
		reason       string
		tables       []*syscalls.Table
		policy       Policy
		data         Data
		ours, theirs Action
	}{
		{
			byENOSYS, []*syscalls.Table{amd64},
			Policy{Default: Errno(1), Rules: []Rule{{"read", nil, Allow}}},
			call(amd64, "clone3"), Errno(38), Errno(1),
		},
		{
			byX32, []*syscalls.Table{amd64},
			Policy{Default: Errno(1), Rules: []Rule{{"read", nil, Allow}}},
			call(x32, "read"), Errno(38), KillProcess,
		},
		{
			byUpperHalf, []*syscalls.Table{amd64},
			Policy{Default: Errno(1), Rules: []Rule{{"socket", []Cond{cond(0, LessOrEqual, 1)}, Allow}}},
			call(amd64, "socket", 1<<32|1), Allow, Errno(1),
		},
		{
			byOrder, []*syscalls.Table{amd64},
			Policy{Default: Errno(1), Rules: []Rule{{"mmap", []Cond{cond(1, Greater, 20)}, Allow}, {"mmap", []Cond{cond(1, Greater, 10)}, Trap}}},
			call(amd64, "mmap", 0, 30), Trap, Allow,
		},
		{
			byMultiplexer, []*syscalls.Table{i386},
			Policy{Default: Errno(1), Rules: []Rule{{"socket", nil, Allow}}},
			call(i386, "socketcall", 1), Errno(1), Allow,
		},
		{
			// After its check of arg2 it compares arg4 with the bound of arg2.
			byAccumulator, []*syscalls.Table{amd64},
			Policy{Default: Trace(0), Rules: []Rule{
				{"pwritev", []Cond{cond(2, LessOrEqual, 2), cond(4, Less, 0x80000011)}, Errno(5)},
				{"pwritev", []Cond{cond(2, GreaterOrEqual, 0x80000000)}, Errno(5)},
			}},
			call(amd64, "pwritev", 0, 0, 0, 0, 0xffffffff), Trace(0), Errno(5),
		},
		{
			byMixing, []*syscalls.Table{amd64},
			Policy{Default: KillProcess, Rules: []Rule{
				{"munmap", []Cond{cond(0, Greater, 0xfffffffe)}, Trace(0)},
				{"munmap", []Cond{cond(0, GreaterOrEqual, 3), cond(1, Less, 0xffffffff)}, KillThread},
			}},
			call(amd64, "munmap", 61, 5), KillThread, KillProcess,
		},
		{
			// The rule for more than 6 is applied to more than 2.
			byMixing, []*syscalls.Table{amd64},
			Policy{Default: KillProcess, Rules: []Rule{
				{"futex_wait", []Cond{{2, Equal, 0x8000000000000015, []uint64{21}}, cond(1, Greater, 6)}, Trap},
				{"futex_wait", []Cond{cond(1, Greater, 2), cond(4, GreaterOrEqual, 49)}, Trap},
			}},
			call(amd64, "futex_wait", 0, 6, 21), KillProcess, Trap,
		},
		{
			// It looks for the number while it holds the architecture.
			byAccumulator, mips,
			Policy{Default: Errno(1), Rules: []Rule{
				{"epoll_pwait", []Cond{cond(1, Less, 9), cond(2, Equal, 0), cond(4, NotEqual, 4)}, KillThread},
				{"semop", nil, Errno(38)}, {"lgetxattr", []Cond{cond(1, LessOrEqual, 3)}, KillThread},
			}},
			call(syscalls.MIPS, "epoll_pwait"), KillThread, Errno(1),
		},
	}
	l := startLibseccomp(t)
	for _, test := range tests {
		d := newDuel(t, l, test.tables, test.policy, 1, make(map[syscall.Errno]int))
		ours, err := d.ours.Run(test.data)
		if err != nil || ours != test.ours {
			t.Errorf("%s: %v, %v here, want %v", test.reason, ours, err, test.ours)
		}
		theirs, err := d.libs.Run(test.data)
		if err != nil || theirs != test.theirs {
			t.Errorf("%s: %v, %v by libseccomp, want %v\n%s", test.reason, theirs, err, test.theirs, listing(d.libs, test.tables[0]))
		}
		if ours != theirs {
			if reason, known := d.reason(test.data, ours, theirs); !known || reason != test.reason {
				t.Errorf("the reason for %v and %v is %q, want %q", ours, theirs, reason, test.reason)
			}
		}
	}
}
