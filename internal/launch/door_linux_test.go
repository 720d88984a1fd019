//go:build linux && (amd64 || arm64)

package launch

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
)

// behind is a filter that shows the registers that it starts with: it denies
// with the errno A|X.
var behind = filter.Program{
	{Code: unix.BPF_ALU | unix.BPF_OR | unix.BPF_X},
	{Code: unix.BPF_ALU | unix.BPF_OR | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO},
	{Code: unix.BPF_RET | unix.BPF_A},
}

func execve(arch uint32, pointers []uint64) filter.Data {
	d := filter.Data{Nr: unix.SYS_EXECVE, Arch: arch}
	copy(d.Args[:], pointers)
	return d
}

func TestDoorOpensForOneExec(t *testing.T) {
	d, err := newDoor(behind)
	if err != nil {
		t.Fatal(err)
	}
	pointers := []uint64{0x7f1234567000, 0x2a9876543000, 0x1000ffff0000}
	for i, p := range pointers {
		d.program[d.halves[2*i]].K, d.program[d.halves[2*i+1]].K = uint32(p), uint32(p>>32)
	}
	expect := func(what string, data filter.Data, want uint32) {
		t.Helper()
		if got, err := d.program.Run(data); err != nil || got.Return() != want {
			t.Errorf("%s gets %v, %v; want %v", what, got, err, filter.ActionOf(want))
		}
	}
	const shut = unix.SECCOMP_RET_ERRNO // with both registers 0

	expect("the one exec", execve(auditArch, pointers), unix.SECCOMP_RET_ALLOW)
	for bit := range 3 * 64 {
		guess := slices.Clone(pointers)
		guess[bit/64] ^= 1 << (bit % 64)
		expect(fmt.Sprintf("a guess that is wrong in bit %d", bit), execve(auditArch, guess), shut)
	}
	expect("an exec with other pointers", execve(auditArch, []uint64{1, 2, 3}), shut)
	expect("an exec with null pointers", execve(auditArch, nil), shut)
	expect("an exec with the pointers exchanged", execve(auditArch, []uint64{pointers[1], pointers[0], pointers[2]}), shut)
	expect("an exec of another architecture", execve(unix.AUDIT_ARCH_I386, pointers), shut)
	for _, nr := range []uint32{unix.SYS_READ, unix.SYS_EXECVEAT, unix.SYS_EXECVE | 0x40000000} {
		other := execve(auditArch, pointers)
		other.Nr = nr
		expect(fmt.Sprintf("call %#x", nr), other, shut)
	}
}

// A guess must not learn from the time it takes which part of it was right: on
// the way of an execve there is one branch only that its arguments decide.
func TestDoorDoesNotBranchOnGuesses(t *testing.T) {
	d, err := newDoor(behind)
	if err != nil {
		t.Fatal(err)
	}
	var decidedBy []uint32 // for each branch, what was loaded last
	loaded := uint32(0)
	for _, ins := range d.program[:len(d.program)-len(behind)] {
		switch ins.Code & 7 { // the instruction's class
		case unix.BPF_LD:
			loaded = ins.K
		case unix.BPF_JMP:
			decidedBy = append(decidedBy, loaded)
		}
	}
	if want := []uint32{dataNumber, dataArch, dataArgs + 5*4}; !slices.Equal(decidedBy, want) {
		t.Errorf("branches come after loads from %v, want %v", decidedBy, want)
	}
}

func TestDoorLimits(t *testing.T) {
	if _, err := newDoor(nil); err == nil {
		t.Error("a door without a filter behind it")
	}
	long := make(filter.Program, filter.MaxInstructions)
	for i := range long {
		long[i] = filter.Instruction{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
	}
	if _, err := newDoor(long); err == nil || !strings.Contains(err.Error(), "4096") {
		t.Errorf("for a filter without room for more: %v", err)
	}
	d, err := newDoor(behind)
	if err != nil {
		t.Fatal(err)
	}
	own := len(d.program) - len(behind)
	if d, err := newDoor(long[own:]); err != nil || len(d.program) != filter.MaxInstructions || d.program.Validate() != nil {
		t.Errorf("for the longest filter that fits: %v", err)
	}
}
