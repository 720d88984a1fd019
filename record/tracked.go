package record

import "github.com/gocurb/curb/syscalls"

// maxTracked is of how many arguments of one call the values are kept.
const maxTracked = syscalls.MaxTelling

// A trackedArg is an argument whose values are kept.
type trackedArg struct {
	index int
	name  string
	wide  bool // all 64 bits count
}

// cut drops what the kernel does not look at.
func (a trackedArg) cut(value uint64) uint64 {
	if a.wide {
		return value
	}
	return uint64(uint32(value))
}

// trackedArgs lists the arguments of a call whose values are kept.
func trackedArgs(call *syscalls.Call) []trackedArg {
	args := call.Args()
	var list []trackedArg
	for _, i := range call.Telling() {
		list = append(list, trackedArg{i, args[i].Name, args[i].Width == 64})
	}
	return list
}
