package record

import (
	"strings"

	"github.com/gocurb/curb/syscalls"
)

// maxTracked is of how many arguments of one call the values are kept.
const maxTracked = 3

// telling are the names under which the kernel declares arguments that say what
// a call is to do. Their values are few and mean the same in every run, so that
// a policy can list them: addresses, sizes, descriptors and process ids do not
// and are not kept.
var telling = words(`advice at_flags attr_flags behavior clockid clone_flags cmd
	event_f_flags family flag flags func how level mode oflag op opcode option options
	optname personality policy prot protocol request resource sig swap_flags type
	unshare_flags whence which which_clock`)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		set[word] = true
	}
	return set
}

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
	var list []trackedArg
	for i, arg := range call.Args() {
		// The mode of a new file (umode_t) is the user's choice.
		if telling[arg.Name] && arg.Type != "umode_t" && !strings.HasSuffix(arg.Type, "*") && len(list) < maxTracked {
			list = append(list, trackedArg{i, arg.Name, arg.Width == 64})
		}
	}
	return list
}
