package filter

import (
	"strings"
	"testing"

	"github.com/gocurb/curb/syscalls"
)

// TestAnswers pins the table in the package comment.
func TestAnswers(t *testing.T) {
	const (
		ptrace  = 101
		clone3  = 435 // marked
		unknown = 2000
		x32     = 0x40000000
		i386    = 0x40000003 // AUDIT_ARCH_I386
	)
	amd64 := syscalls.AMD64.AuditArch
	inputs := []struct {
		name string
		data Data
	}{
		{"call", Data{Nr: ptrace, Arch: amd64}},
		{"marked call", Data{Nr: clone3, Arch: amd64}},
		{"unknown number", Data{Nr: unknown, Arch: amd64}},
		{"x32 number of a denied call", Data{Nr: x32 | ptrace, Arch: amd64}},
		{"that of x32 alone, without its bit", Data{Nr: 521, Arch: amd64}},
		{"foreign architecture", Data{Nr: ptrace, Arch: i386}},
	}
	eperm, enosys := Errno(1), Errno(38)
	tests := []struct {
		byDefault Action
		want      [6]Action
	}{
		{eperm, [6]Action{eperm, enosys, enosys, enosys, enosys, KillProcess}},
		{Errno(0), [6]Action{Errno(0), enosys, enosys, enosys, enosys, KillProcess}},
		{Allow, [6]Action{Allow, Allow, Allow, enosys, enosys, KillProcess}},
		{Trace(7), [6]Action{Trace(7), Trace(7), Trace(7), enosys, enosys, KillProcess}},
		{Notify, [6]Action{Notify, Notify, Notify, enosys, enosys, KillProcess}},
		{Log, [6]Action{Log, Log, Log, Log, Log, Log}},
		{Trap, [6]Action{Trap, Trap, Trap, Trap, Trap, Trap}},
		{KillThread, [6]Action{KillThread, KillThread, KillThread, KillThread, KillThread, KillThread}},
		{KillProcess, [6]Action{KillProcess, KillProcess, KillProcess, KillProcess, KillProcess, KillProcess}},
	}
	more := []struct {
		name string
		data Data
		want Action
	}{
		{"allowed call", Data{Nr: 0, Arch: amd64}, Allow},
		{"skipped call", Data{Nr: 0xffffffff, Arch: amd64}, Allow},
		{"denied call", Data{Nr: 39, Arch: amd64}, Errno(13)},
	}
	for _, test := range tests {
		p := Policy{Default: test.byDefault, Rules: []Rule{
			{Syscall: "read", Action: Allow},
			{Syscall: "getpid", Action: Errno(13)},
		}}
		prog := compile(t, syscalls.AMD64, p)
		check := func(name string, d Data, want Action) {
			if got, err := prog.Run(d); err != nil || got != want {
				t.Errorf("default %v: %s gets %v, %v; want %v\n%s", test.byDefault, name, got, err, want, listing(prog, syscalls.AMD64))
			}
			if got := p.Verdict(syscalls.AMD64, d); got != want {
				t.Errorf("default %v: by the definition %s gets %v, want %v", test.byDefault, name, got, want)
			}
		}
		for i, in := range inputs {
			check(in.name, in.data, test.want[i])
		}
		for _, m := range more {
			check(m.name, m.data, m.want)
		}
		// Nothing is allowed by its number on another entry.
		readByX32, _ := prog.Run(Data{Nr: x32, Arch: amd64})
		readByI386, _ := prog.Run(Data{Nr: 0, Arch: i386})
		if test.byDefault != Log && (readByX32 == Allow || readByI386 == Allow) {
			t.Errorf("default %v: number 0 gets %v by x32 and %v by i386", test.byDefault, readByX32, readByI386)
		}
	}
}

// TestNoX32OnOtherArchitectures: the bit means nothing there.
func TestNoX32OnOtherArchitectures(t *testing.T) {
	p := Policy{Default: Allow, Rules: []Rule{{Syscall: "#0x40000005", Action: Trap}}}
	prog := compile(t, syscalls.ARM64, p)
	for nr, want := range map[uint32]Action{0x40000005: Trap, 0x40000004: Allow} {
		if got, err := prog.Run(Data{Nr: nr, Arch: syscalls.ARM64.AuditArch}); err != nil || got != want {
			t.Errorf("%#x gets %v, %v; want %v", nr, got, err, want)
		}
	}
}

// TestNumbersOfX32WithoutItsBit: old kernels make calls of them, and a rule by name
// does not speak of them.
func TestNumbersOfX32WithoutItsBit(t *testing.T) {
	for _, tables := range [][]*syscalls.Table{{syscalls.AMD64}, {syscalls.AMD64, syscalls.X32}, {syscalls.X32}} {
		p := Policy{Default: Allow, Rules: []Rule{{Syscall: "ptrace", Action: Deny}, {Syscall: "read", Action: Trap}}}
		if tables[0] == syscalls.AMD64 {
			p.Rules = append(p.Rules, Rule{Syscall: "#600", Action: Trap})
		}
		prog := compileFor(t, Compiler{Tables: tables}, p)
		for nr := uint32(505); nr < 610; nr++ {
			d := Data{Nr: nr, Arch: syscalls.AMD64.AuditArch}
			want := Allow
			switch {
			case tables[0] == syscalls.X32:
				want = KillProcess
			case nr >= 512 && nr <= 547:
				want = Errno(38)
			case nr == 600:
				want = Trap
			}
			if got, err := prog.Run(d); err != nil || got != want || p.VerdictFor(tables, d) != want {
				t.Errorf("%s: %d gets %v, %v, and %v by the definition; want %v", Compiler{Tables: tables}.archNames(), nr, got, err, p.VerdictFor(tables, d), want)
			}
		}
	}
}

// TestUnknownCallsOfShortRegisters: the kernel sees 32 bits, whatever a program of
// 64 bits leaves above them (int $0x80).
func TestUnknownCallsOfShortRegisters(t *testing.T) {
	is := func(op Op) []Cond { return []Cond{{0, op, 0, []uint64{1}}} }
	p := Policy{Default: Allow, Rules: []Rule{{"#2000", is(Equal), Trap}, {"#2001", is(NotEqual), Trap}}}
	for _, table := range syscalls.Tables() {
		if table == syscalls.X32 {
			continue
		}
		same := table.AuditArch&0x80000000 == 0
		prog := compile(t, table, p)
		for nr, want := range map[uint32]bool{2000: same, 2001: !same} {
			got, err := prog.Run(Data{Nr: nr, Arch: table.AuditArch, Args: [6]uint64{0xdead<<32 | 1}})
			if err != nil || (got == Trap) != want {
				t.Errorf("%s: %d gets %v, %v; want trap: %v", table.Arch, nr, got, err, want)
			}
		}
	}
}

// TestTablesOfTheSameNumbers: one of them would not count.
func TestTablesOfTheSameNumbers(t *testing.T) {
	renamed := *syscalls.AMD64
	renamed.Arch = "x86_64"
	for _, tables := range [][]*syscalls.Table{{syscalls.AMD64, syscalls.AMD64}, {syscalls.X32, syscalls.I386, syscalls.X32}, {syscalls.AMD64, &renamed}} {
		if _, err := (Compiler{Tables: tables}).Compile(allowOnly(syscalls.AMD64, "read")); err == nil || !strings.Contains(err.Error(), "are for the same numbers") {
			t.Errorf("the error is %v", err)
		}
	}
	prog := compile(t, &renamed, Policy{Default: Allow})
	if got, err := prog.Run(Data{Nr: 0x40000000, Arch: renamed.AuditArch}); err != nil || got != Errno(38) {
		t.Errorf("a number of x32 gets %v, %v from the table by another name", got, err)
	}
}

// TestTableWithoutCalls: it is an error to name one.
func TestTableWithoutCalls(t *testing.T) {
	prog, err := Compile(&syscalls.Table{Arch: "empty", AuditArch: 1}, allowOnly(syscalls.AMD64, "read"))
	if err == nil || !strings.Contains(err.Error(), `"read" does not exist on empty`) {
		t.Errorf("it compiles to %v, %v", prog, err)
	}
}

// TestENOSYSOfMIPS: mips has a number of its own for it.
func TestENOSYSOfMIPS(t *testing.T) {
	mips := &syscalls.Table{Arch: "mips64le", AuditArch: 0xc0000008}
	prog := compile(t, mips, Policy{Default: Errno(1)})
	if got, err := prog.Run(Data{Nr: 9999, Arch: mips.AuditArch}); err != nil || got != Errno(89) {
		t.Errorf("an unknown number gets %v, %v; want errno 89", got, err)
	}
}

// TestLaterRulesRefine pins which of several rules decides.
func TestLaterRulesRefine(t *testing.T) {
	isUnix := []Cond{{Arg: 0, Op: Equal, Values: []uint64{1}}}
	isStream := []Cond{{Arg: 1, Op: Equal, Values: []uint64{1}}}
	tests := []struct {
		name  string
		rules []Rule
		want  map[[2]uint64]Action // by domain and type
	}{
		{
			"any rule with the same action",
			[]Rule{{"socket", isUnix, Allow}, {"socket", isStream, Allow}},
			map[[2]uint64]Action{{1, 2}: Allow, {2, 1}: Allow, {1, 1}: Allow, {2, 2}: Errno(1)},
		},
		{
			"an exception to what is allowed",
			[]Rule{{"socket", nil, Allow}, {"socket", isUnix, Trap}},
			map[[2]uint64]Action{{1, 2}: Trap, {2, 2}: Allow},
		},
		{
			"an exception to what is denied",
			[]Rule{{"socket", nil, Errno(97)}, {"socket", isUnix, Allow}},
			map[[2]uint64]Action{{1, 2}: Allow, {2, 2}: Errno(97)},
		},
		{
			"a general rule after a special one",
			[]Rule{{"socket", isUnix, Trap}, {"socket", nil, Allow}},
			map[[2]uint64]Action{{1, 2}: Allow, {2, 2}: Allow},
		},
		{
			"the last of two that hold",
			[]Rule{{"socket", isUnix, Trap}, {"socket", isStream, Log}},
			map[[2]uint64]Action{{1, 1}: Log, {1, 2}: Trap, {2, 1}: Log, {2, 2}: Errno(1)},
		},
		{
			"by name and by number",
			[]Rule{{"socket", nil, Allow}, {"#41", isUnix, Trap}},
			map[[2]uint64]Action{{1, 2}: Trap, {2, 2}: Allow},
		},
	}
	for _, test := range tests {
		prog := compile(t, syscalls.AMD64, Policy{Default: Errno(1), Rules: test.rules})
		for args, want := range test.want {
			d := Data{Nr: 41, Arch: syscalls.AMD64.AuditArch, Args: [6]uint64{args[0], args[1]}}
			if got, err := prog.Run(d); err != nil || got != want {
				t.Errorf("%s: socket%v gets %v, %v; want %v", test.name, args, got, err, want)
			}
		}
	}
}

// TestUpperHalves: what the kernel ignores does not count, in either direction,
// and what it does not ignore does.
func TestUpperHalves(t *testing.T) {
	const dirty = 0xdead << 32
	tests := []struct {
		call string
		cond Cond
		arg  uint64
		want bool
	}{
		{"socket", Cond{0, Equal, 0, []uint64{1}}, 1 | dirty, true},
		{"socket", Cond{0, NotEqual, 0, []uint64{1}}, 1 | dirty, false},
		{"socket", Cond{0, Less, 0, []uint64{3}}, 2 | dirty, true},
		{"socket", Cond{0, Greater, 0, []uint64{3}}, 2 | dirty, false},
		{"socket", Cond{1, Equal, 0xf, []uint64{1}}, 0x80001 | dirty, true},
		{"openat", Cond{0, Equal, 0, []uint64{0xffffffffffffff9c}}, 0xffffff9c, true},
		{"openat", Cond{0, Equal, 0, []uint64{0xffffff9c}}, 0xffffffffffffff9c, true},
		{"mmap", Cond{1, Equal, 0, []uint64{1}}, 1 | dirty, false},
		{"mmap", Cond{1, Less, 0, []uint64{3}}, 2 | dirty, false},
		{"mmap", Cond{1, Equal, 1 << 40, []uint64{1 << 40}}, 1<<40 | 5, true},
		{"mmap", Cond{1, Equal, 1 << 40, []uint64{0}}, 1<<41 | 5, true},
	}
	for _, test := range tests {
		prog := compile(t, syscalls.AMD64, Policy{Default: Errno(1), Rules: []Rule{{test.call, []Cond{test.cond}, Allow}}})
		call, _ := syscalls.AMD64.ByName(test.call)
		d := Data{Nr: call.Nr, Arch: syscalls.AMD64.AuditArch}
		d.Args[test.cond.Arg] = test.arg
		want := Errno(1)
		if test.want {
			want = Allow
		}
		if got, err := prog.Run(d); err != nil || got != want {
			t.Errorf("%s if %v: %#x gets %v, %v; want %v\n%s", test.call, test.cond, test.arg, got, err, want, listing(prog, syscalls.AMD64))
		}
	}
}
