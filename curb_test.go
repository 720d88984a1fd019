package curb_test

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/filter"
	"github.com/gocurb/curb/syscalls"
)

func ExamplePolicy() {
	policy := curb.Allow("read", "write", "exit_group").
		AllowIf("socket", curb.Arg(0).Is(1, 2), curb.Arg(1).Masked(0xf).Is(1)).
		On("ptrace", curb.KillProcess).
		Otherwise(curb.Trap)
	fmt.Println(policy)
	// Output:
	// allow read, write, exit_group
	// allow socket if arg0 in {1, 2} and arg1 & 0xf == 1
	// kill_process ptrace
	// otherwise trap
}

func ExamplePolicy_Compile() {
	program, err := curb.Allow("getpid").Compile(syscalls.AMD64)
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"getpid", "reboot", "statx"} {
		call, _ := syscalls.AMD64.ByName(name)
		action, err := program.Run(filter.Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch})
		if err != nil {
			panic(err)
		}
		fmt.Println(name, action)
	}
	// Output:
	// getpid allow
	// reboot errno(EPERM)
	// statx errno(ENOSYS)
}

// verdict says what happens to a call on amd64.
func verdict(t *testing.T, p curb.Policy, name string, args ...uint64) curb.Action {
	t.Helper()
	prog, err := p.Compile(syscalls.AMD64)
	if err != nil {
		t.Fatal(err)
	}
	call, found := syscalls.AMD64.ByName(name)
	if !found {
		t.Fatal(name)
	}
	d := filter.Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch}
	copy(d.Args[:], args)
	action, err := prog.Run(d)
	if err != nil {
		t.Fatal(err)
	}
	return action
}

func TestStatements(t *testing.T) {
	eperm, enosys := curb.Errno(1), curb.Errno(38)
	tests := []struct {
		name   string
		policy curb.Policy
		call   string
		want   curb.Action
	}{
		{"zero policy", curb.Policy{}, "read", eperm},
		{"zero policy", curb.Policy{}, "statx", enosys},
		{"allowed", curb.Allow("read"), "read", filter.Allow},
		{"not allowed", curb.Allow("read"), "write", eperm},
		{"allowed after", curb.Allow("read").Allow("write"), "write", filter.Allow},
		{"denied after", curb.Allow("read", "write").Deny("write"), "write", eperm},
		{"denied after, probed for", curb.Allow("statx").Deny("statx"), "statx", enosys},
		{"denied, other default", curb.Allow("read").Deny("read").Otherwise(curb.Trap), "read", curb.Trap},
		{"denied, and log is the default", curb.Allow("read").Deny("read").Otherwise(curb.Log), "read", curb.Log},
		{"deny list", curb.Deny("ptrace", "statx"), "ptrace", eperm},
		{"deny list, probed for", curb.Deny("ptrace", "statx"), "statx", enosys},
		{"deny list, the rest", curb.Deny("ptrace", "statx"), "read", filter.Allow},
		{"on", curb.Allow("read").On("read", curb.Errno(5)), "read", curb.Errno(5)},
		{"on, without allow", curb.Policy{}.On("read", curb.Trace(7)), "read", curb.Trace(7)},
		{"otherwise", curb.Allow("read").Otherwise(curb.KillProcess), "write", curb.KillProcess},
		{"otherwise, probed for", curb.Allow("read").Otherwise(curb.KillThread), "statx", curb.KillThread},
		{"otherwise another errno, probed for", curb.Allow("read").Otherwise(curb.Errno(13)), "statx", enosys},
		{"otherwise twice", curb.Allow("read").Otherwise(curb.Trap).Otherwise(curb.Log), "write", curb.Log},
		{"by number", curb.Allow("#0"), "read", filter.Allow},
	}
	for _, test := range tests {
		if got := verdict(t, test.policy, test.call); got != test.want {
			t.Errorf("%s: %s gets %v, want %v", test.name, test.call, got, test.want)
		}
	}
}

func TestConditions(t *testing.T) {
	const minusOne = ^uint64(0)
	arg := curb.Arg(1)
	tests := []struct {
		cond   curb.Condition
		text   string
		yes    []uint64
		no     []uint64
		onCall string
	}{
		{arg.Is(3), "arg1 == 3", []uint64{3}, []uint64{2, 4, 3 | 1<<32}, "munmap"},
		{arg.Is(3, 5), "arg1 in {3, 5}", []uint64{3, 5}, []uint64{2, 4, 6}, "munmap"},
		{arg.Is(-1), "arg1 == -1", []uint64{minusOne}, []uint64{0, 0xffffffff}, "munmap"},
		{arg.Is(-1), "arg1 == -1", []uint64{minusOne, 0xffffffff}, []uint64{0}, "ioctl"},
		{arg.IsNot(3), "arg1 != 3", []uint64{2, 4, minusOne}, []uint64{3}, "munmap"},
		{arg.IsNot(3, 5), "arg1 not in {3, 5}", []uint64{4}, []uint64{3, 5}, "munmap"},
		{arg.Below(3), "arg1 < 3", []uint64{0, 2}, []uint64{3, minusOne}, "munmap"},
		{arg.AtMost(3), "arg1 <= 3", []uint64{0, 3}, []uint64{4, minusOne}, "munmap"},
		{arg.Above(3), "arg1 > 3", []uint64{4, minusOne}, []uint64{3, 0}, "munmap"},
		{arg.AtLeast(3), "arg1 >= 3", []uint64{3, minusOne}, []uint64{2, 0}, "munmap"},
		{arg.AtLeast(-4096), "arg1 >= 0xfffffffffffff000", []uint64{minusOne}, []uint64{1 << 63}, "munmap"},
		{arg.Masked(6).Is(2), "arg1 & 0x6 == 2", []uint64{2, 3, 0xff02}, []uint64{0, 4, 6}, "munmap"},
		{arg.Masked(7).Masked(^1).Is(2), "arg1 & 0x6 == 2", []uint64{3}, []uint64{1}, "munmap"},
		{arg.Masked(7).IsNot(0), "arg1 & 0x7 != 0", []uint64{1, 9}, []uint64{0, 8}, "munmap"},
		{arg.Masked(7).Below(3), "arg1 & 0x7 < 3", []uint64{1, 8}, []uint64{3, 15}, "munmap"},
	}
	for _, test := range tests {
		if got := test.cond.String(); got != test.text {
			t.Errorf("got %q, want %q", got, test.text)
		}
		p := curb.Policy{}.AllowIf(test.onCall, test.cond)
		for _, v := range test.yes {
			if got := verdict(t, p, test.onCall, 0, v); got != filter.Allow {
				t.Errorf("%v: %#x gets %v", p, v, got)
			}
		}
		for _, v := range test.no {
			if got := verdict(t, p, test.onCall, 0, v); got != curb.Errno(1) {
				t.Errorf("%v: %#x gets %v", p, v, got)
			}
		}
	}
}

// TestConditionsAddUp: all conditions of a statement, any statement.
func TestConditionsAddUp(t *testing.T) {
	p := curb.Policy{}.
		AllowIf("socket", curb.Arg(0).Is(1), curb.Arg(1).Is(2)).
		AllowIf("socket", curb.Arg(0).Is(3))
	for args, want := range map[[2]uint64]curb.Action{
		{1, 2}: filter.Allow, {3, 9}: filter.Allow, {1, 3}: curb.Errno(1), {2, 2}: curb.Errno(1),
	} {
		if got := verdict(t, p, "socket", args[:]...); got != want {
			t.Errorf("socket%v gets %v, want %v", args, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	tests := []struct {
		policy curb.Policy
		want   string
	}{
		{curb.Allow("reed"), `curb: no system call "reed": did you mean "read"?`},
		{curb.Allow("read").Deny("ptrase"), `curb: no system call "ptrase": did you mean "ptrace"?`},
		{curb.Allow("reed").BestEffort(), `curb: no system call "reed": did you mean "read"?`},
		{curb.Allow("reed").SkipUnknown(), `curb: no system call "reed": did you mean "read"?`},
		{curb.Allow("reed", "wriet"), "curb: no system call \"reed\": did you mean \"read\"?\nno system call \"wriet\": did you mean \"write\"?"},
		{curb.Allow("arm_fadvise64_64"), `curb: system call "arm_fadvise64_64" does not exist on amd64, only on arm: leave it out, or ask to skip such names`},
		{curb.Policy{}.AllowIf("socket"), `curb: AllowIf("socket") has no condition: use Allow for a call that is always allowed`},
		{curb.Policy{}.AllowIf("socket", curb.Arg(0).Masked(0).Is(0)), `curb: socket: condition "arg0 == 0": a mask of 0 leaves nothing to compare`},
		{curb.Policy{}.AllowIf("socket", curb.Arg(0).Masked(1).Masked(2).Is(0)), `curb: socket: condition "arg0 == 0": a mask of 0 leaves nothing to compare`},
		{curb.Policy{}.AllowIf("socket", curb.Arg(0).Is()), `curb: rule "allow socket if arg0 in {}": condition "arg0 in {}": no value was given`},
		{curb.Policy{}.AllowIf("socket", curb.Condition{}), `curb: rule "allow socket if arg0 Op(0) {}": condition "arg0 Op(0) {}": no comparison was given`},
		{curb.Policy{}.AllowIf("socket", curb.Arg(7).Is(1)), `curb: rule "allow socket if arg7 == 1": condition "arg7 == 1": arguments are counted from 0 to 5`},
		{curb.Allow("read").Otherwise(curb.Errno(5000)), `curb: the default action: no action was given, or an errno above 4095`},
		{curb.Allow("read").On("write", curb.Action(0)), `curb: rule "(no action) write": no action was given, or an errno above 4095`},
	}
	for _, test := range tests {
		prog, err := test.policy.Compile(syscalls.AMD64)
		if err == nil || err.Error() != test.want || prog != nil {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
	if err := curb.Allow("read", "#470").Err(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a policy without mistakes: %v", err)
	}
}

func TestSkipUnknown(t *testing.T) {
	p := curb.Allow("read", "open", "openat").SkipUnknown()
	prog, err := p.Compile(syscalls.ARM64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := curb.Allow("open").Compile(syscalls.ARM64); err == nil {
		t.Error("open is a call of arm64")
	}
	openat, _ := syscalls.ARM64.ByName("openat")
	if got, err := prog.Run(filter.Data{Nr: openat.Nr, Arch: syscalls.ARM64.AuditArch}); err != nil || got != filter.Allow {
		t.Errorf("openat gets %v, %v", got, err)
	}
	if got := verdict(t, p, "open"); got != filter.Allow {
		t.Errorf("on amd64 open gets %v", got)
	}
}

// TestPoliciesAreValues: who makes two policies of one gets two.
func TestPoliciesAreValues(t *testing.T) {
	base := curb.Allow("read", "write", "close")
	files := base.Allow("openat")
	network := base.Allow("socket")
	trapped := base.Otherwise(curb.Trap)
	mistaken := base.AllowIf("ioctl")
	on, other := base.On("ioctl", curb.Trap), base.On("fcntl", curb.Log)
	base.BestEffort().SkipUnknown().Deny("read")
	for _, test := range []struct {
		policy      curb.Policy
		text        string
		hasMistakes bool
	}{
		{base, "allow read, write, close\notherwise errno(EPERM)", false},
		{files, "allow read, write, close, openat\notherwise errno(EPERM)", false},
		{network, "allow read, write, close, socket\notherwise errno(EPERM)", false},
		{trapped, "allow read, write, close\notherwise trap", false},
		{on, "allow read, write, close\ntrap ioctl\notherwise errno(EPERM)", false},
		{other, "allow read, write, close\nlog fcntl\notherwise errno(EPERM)", false},
		{mistaken, "allow read, write, close, ioctl\notherwise errno(EPERM)", true},
	} {
		if got := test.policy.String(); got != test.text {
			t.Errorf("got:\n%s\nwant:\n%s", got, test.text)
		}
		if _, err := test.policy.Compile(syscalls.AMD64); (err != nil) != test.hasMistakes {
			t.Errorf("%v: %v", test.policy, err)
		}
	}
}

// TestDependencies holds what an application gets into its own with this
// package: nothing but the standard library and golang.org/x/sys.
func TestDependencies(t *testing.T) {
	for _, system := range []string{"linux", "darwin"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")
		cmd.Env = append(cmd.Environ(), "GOOS="+system, "GOARCH=arm64")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		own := map[string]bool{"": true, "/filter": true, "/syscalls": true, "/precompiled": true,
			"/internal/seccomp": true, "/syscalls/internal/namehash": true}
		for path := range strings.FieldsSeq(string(out)) {
			rest, isOwn := strings.CutPrefix(path, "github.com/gocurb/curb")
			if isOwn && !own[rest] || !isOwn && !strings.HasPrefix(path, "golang.org/x/sys/") {
				t.Errorf("%s: package curb imports %s", system, path)
			}
		}
	}
}

// TestPolicyWithMistakesIsNotChanged: many goroutines can ask it what is wrong.
func TestPolicyWithMistakesIsNotChanged(t *testing.T) {
	var p curb.Policy
	for range 5 {
		p = p.AllowIf("read")
	}
	p = p.Allow("reed")
	want := p.Err().Error()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if got := p.Err().Error(); got != want {
				t.Errorf("the error is\n%s\nand was\n%s", got, want)
			}
		})
	}
	wait.Wait()
}
