package syscalls

import "strings"

// MaxTelling is the most arguments of one call that Telling lists.
const MaxTelling = 3

// Telling lists, by their indexes, the arguments that say what the call is to do,
// at most MaxTelling of them. Their values are few and mean the same in every run,
// so that a policy can list them. Addresses, sizes, descriptors and process ids do
// not, nor does the mode of a new file, which is its user's choice. What lies
// behind a pointer (the flags of clone3 and openat2) no filter can see.
func (c *Call) Telling() []int {
	var list []int
	for i, arg := range c.Args() {
		if tells(arg) && len(list) < MaxTelling {
			list = append(list, i)
		}
	}
	return list
}

// tells knows an argument by the name under which the kernel declares it.
func tells(arg Arg) bool {
	if arg.Type == "umode_t" || strings.HasSuffix(arg.Type, "*") {
		return false
	}
	// No map: its making would be linked into every program that has a table.
	switch arg.Name {
	case "advice", "at_flags", "attr_flags", "behavior", "clockid", "clone_flags", "cmd", "event_f_flags", "family",
		"flag", "flags", "func", "how", "level", "mode", "msgflg", "oflag", "op", "opcode", "option", "options", "optname",
		"personality", "policy", "prot", "protocol", "request", "resource", "rule_type", "semflg", "shmflg", "sig",
		"swap_flags", "type", "unshare_flags", "whence", "which", "which_clock":
		return true
	}
	return false
}
