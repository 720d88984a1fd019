//go:build linux && (amd64 || arm64)

package launch

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/filter"
)

// A door is a filter that allows execve with three certain pointers, and is
// the filter behind it in everything else.
type door struct {
	program filter.Program
	// halves are the places in program of the halves of the three pointers, the
	// lower half of each first.
	halves [6]int
}

// Offsets in struct seccomp_data (linux/seccomp.h). Both architectures are
// little-endian, so the lower half of an argument comes first.
const (
	dataNumber = 0
	dataArch   = 4
	dataArgs   = 16
)

// newDoor puts a door before behind. It is shut until the halves are set: no
// call can have three pointers that are 0, since execve would fail then.
//
// The halves are compared without a branch for each: the differences are
// combined, so that the time until the verdict does not tell which of them was
// right. Calls other than execve pass three instructions, all of them of the
// kinds that the kernel can follow when it looks for calls that are always
// allowed (seccomp_is_const_allow in kernel/seccomp.c).
func newDoor(behind filter.Program) (*door, error) {
	d := &door{}
	add := func(code uint16, k uint32) int {
		d.program = append(d.program, filter.Instruction{Code: code, K: k})
		return len(d.program) - 1
	}
	const load, jumpEqual = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K

	add(load, dataNumber)
	isExec := add(jumpEqual, unix.SYS_EXECVE)
	add(load, dataArch)
	isArch := add(jumpEqual, auditArch)
	for i := range d.halves {
		add(load, dataArgs+4*uint32(i))
		d.halves[i] = add(unix.BPF_ALU|unix.BPF_XOR|unix.BPF_K, 0)
		if i > 0 {
			add(unix.BPF_ALU|unix.BPF_OR|unix.BPF_X, 0)
		}
		add(unix.BPF_MISC|unix.BPF_TAX, 0)
	}
	d.program[add(jumpEqual, 0)].Jf = 1
	add(unix.BPF_RET|unix.BPF_K, unix.SECCOMP_RET_ALLOW)
	add(unix.BPF_LDX|unix.BPF_IMM, 0)
	// What is behind finds both registers 0, as if it came first. There is no
	// load of a constant here, since the kernel does not follow that.
	end := add(unix.BPF_ALU|unix.BPF_AND|unix.BPF_K, 0)
	d.program[isExec].Jf = uint8(end - isExec - 1)
	d.program[isArch].Jf = uint8(end - isArch - 1)

	if err := behind.Validate(); err != nil {
		return nil, err
	}
	if n := len(behind) + len(d.program); n > filter.MaxInstructions {
		return nil, fmt.Errorf("the filter has %d instructions, and the launch adds %d; the kernel takes %d in all", len(behind), len(d.program), filter.MaxInstructions)
	}
	d.program = append(d.program, behind...)
	return d, nil
}
