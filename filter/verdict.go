package filter

import (
	"slices"

	"github.com/gocurb/curb/syscalls"
)

// Data is what a filter sees of a system call: the kernel's struct seccomp_data
// (linux/seccomp.h).
type Data struct {
	Nr   uint32
	Arch uint32 // AUDIT_ARCH_…
	IP   uint64 // where the instruction pointer is
	Args [6]uint64
}

// Verdict is VerdictFor for one architecture.
func (p Policy) Verdict(t *syscalls.Table, d Data) Action {
	return p.VerdictFor([]*syscalls.Table{t}, d)
}

// VerdictFor evaluates the policy for a system call by its definition alone, for a
// program for these architectures. It is slow, and it shares nothing with the
// compiler, so that each can be checked against the other. For a policy that the
// compiler refuses the result means nothing.
func (p Policy) VerdictFor(tables []*syscalls.Table, d Data) Action {
	const (
		skipped    = 0xffffffff
		x32        = 0x40000000
		amd64Entry = 0xc000003e // AUDIT_ARCH_X86_64
		is64Bit    = 0x80000000 // __AUDIT_ARCH_64BIT
	)
	lenient := isKind(p.Default, Allow) || isKind(p.Default, Errno(0)) || isKind(p.Default, Trace(0)) || isKind(p.Default, Notify)
	// Two tables can be of one entry: amd64's and that of x32.
	var t, entry *syscalls.Table
	for _, candidate := range tables {
		if candidate.AuditArch != d.Arch {
			continue
		}
		entry = candidate
		byX32 := candidate.AuditArch == amd64Entry && d.Nr >= x32
		if byX32 == (candidate.Arch == "x32") {
			t = candidate
		}
	}
	switch {
	case entry == nil && lenient:
		return KillProcess
	case entry == nil:
		return p.Default
	case d.Nr == skipped:
		return Allow
	case t == nil && !lenient:
		return p.Default
	case t == nil && d.Nr >= x32:
		return noSuchCall(entry)
	case t == nil:
		return KillProcess
	case d.Arch == amd64Entry && d.Nr >= 512 && d.Nr <= 547 && lenient: // calls of x32 without its bit
		return noSuchCall(t)
	}
	call, known := t.ByNumber(d.Nr)
	denied := p.Default
	if isKind(denied, Allow) {
		denied = Errno(1)
	}
	for _, r := range slices.Backward(p.Rules) {
		if !names(r, call, d.Nr) {
			continue
		}
		holds := true
		for _, c := range r.Conds {
			wide := !known && t.AuditArch&is64Bit != 0 || known && call.Width(c.Arg) == 64
			holds = holds && c.holds(d.Args[c.Arg], wide)
		}
		if holds && r.Action != Deny {
			return r.Action
		} else if holds {
			return marked(t, denied, call)
		}
	}
	return marked(t, p.Default, call)
}

// marked is the action that denies a call, or ENOSYS in place of another error
// if the call is marked or not known.
func marked(t *syscalls.Table, denied Action, call *syscalls.Call) Action {
	if isKind(denied, Errno(0)) && (call == nil || call.ENOSYS) {
		return noSuchCall(t)
	}
	return denied
}

func isKind(a, kind Action) bool { return a>>16 == kind>>16 }

func names(r Rule, call *syscalls.Call, nr uint32) bool {
	if n, numeric, err := r.number(); numeric {
		return err == nil && n == nr
	}
	return call != nil && call.Name == r.Syscall
}

// holds evaluates the condition for the value of its argument.
func (c Cond) holds(arg uint64, wide bool) bool {
	cut := func(v uint64) uint64 {
		if !wide {
			v &= 0xffffffff
		}
		return v
	}
	arg = cut(arg)
	if c.Mask != 0 {
		arg &= c.Mask
	}
	switch v := cut(c.Values[0]); c.Op {
	case Equal:
		return slices.ContainsFunc(c.Values, func(v uint64) bool { return arg == cut(v) })
	case NotEqual:
		return !slices.ContainsFunc(c.Values, func(v uint64) bool { return arg == cut(v) })
	case Less:
		return arg < v
	case LessOrEqual:
		return arg <= v
	case Greater:
		return arg > v
	case GreaterOrEqual:
		return arg >= v
	}
	return false
}
