// Package machine runs seccomp filters as the kernel does, and counts. It belongs
// to none of the compilers that are compared: what it knows comes from
// linux/filter.h and kernel/seccomp.c, and it knows what their programs contain,
// not all of classic BPF.
package machine

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gocurb/curb/filter"
)

// Instructions of classic BPF, by their codes (linux/bpf_common.h).
const (
	loadWord  = 0x20 // BPF_LD | BPF_W | BPF_ABS
	and       = 0x54 // BPF_ALU | BPF_AND | BPF_K
	jump      = 0x05 // BPF_JMP | BPF_JA
	jumpEqual = 0x15 // BPF_JMP | BPF_JEQ | BPF_K
	jumpMore  = 0x25 // BPF_JMP | BPF_JGT | BPF_K
	jumpLeast = 0x35 // BPF_JMP | BPF_JGE | BPF_K
	jumpSet   = 0x45 // BPF_JMP | BPF_JSET | BPF_K
	ret       = 0x06 // BPF_RET | BPF_K
)

// Allow is what a filter returns for a call that passes (SECCOMP_RET_ALLOW).
const Allow = 0x7fff0000

// errUnknown ends a run that depends on what is not known.
var errUnknown = errors.New("the result depends on an argument")

// Run gives what the program returns for a call, and how many instructions it
// executes.
func Run(p filter.Program, d filter.Data) (returned uint32, steps int, err error) {
	var data [64]byte
	binary.LittleEndian.PutUint32(data[0:], d.Nr)
	binary.LittleEndian.PutUint32(data[4:], d.Arch)
	binary.LittleEndian.PutUint64(data[8:], d.IP)
	for i, arg := range d.Args {
		binary.LittleEndian.PutUint64(data[16+8*i:], arg)
	}
	return run(p, data[:])
}

// NeverRuns reports whether the kernel allows a call without running the program,
// since its number and architecture say all: seccomp_is_const_allow in
// kernel/seccomp.c, Linux 5.11.
func NeverRuns(p filter.Program, nr, arch uint32) (bool, error) {
	var data [8]byte
	binary.LittleEndian.PutUint32(data[0:], nr)
	binary.LittleEndian.PutUint32(data[4:], arch)
	returned, _, err := run(p, data[:])
	if errors.Is(err, errUnknown) {
		return false, nil
	}
	return returned == Allow, err
}

// run knows only so much of the kernel's struct seccomp_data.
func run(p filter.Program, data []byte) (returned uint32, steps int, err error) {
	a := uint32(0)
	for pc := 0; pc < len(p); pc++ {
		steps++
		ins := p[pc]
		holds := false
		switch ins.Code {
		case ret:
			return ins.K, steps, nil
		case loadWord:
			if int(ins.K)+4 > len(data) {
				return 0, steps, errUnknown
			}
			a = binary.LittleEndian.Uint32(data[ins.K:])
			continue
		case and:
			a &= ins.K
			continue
		case jump:
			pc += int(ins.K)
			continue
		case jumpEqual:
			holds = a == ins.K
		case jumpMore:
			holds = a > ins.K
		case jumpLeast:
			holds = a >= ins.K
		case jumpSet:
			holds = a&ins.K != 0
		default:
			return 0, steps, fmt.Errorf("instruction %d has the code %#x, which is not among those that compilers of filters use", pc, ins.Code)
		}
		if holds {
			pc += int(ins.Jt)
		} else {
			pc += int(ins.Jf)
		}
	}
	return 0, steps, errors.New("the program has no end")
}
