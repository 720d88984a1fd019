package syscalls

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"github.com/gocurb/curb/syscalls/internal/namehash"
)

// A Table is the system calls of one architecture. It is read-only and safe
// for use by many goroutines.
type Table struct {
	Arch      string // GOARCH's name, or a companion's: "amd64", "x32"
	AuditArch uint32 // AUDIT_ARCH_… of linux/audit.h, as a filter sees it
	BigEndian bool
	calls     []Call // sorted by number
	// byName has at the slot of a name's hash, or at the first free one after
	// it, the call's index in calls, plus 1.
	byName *[namehash.Slots]uint16
}

// For gives the table of an architecture by its GOARCH name, and that of a
// companion by its own: "x32", "n32", "n32le". The error for any other lists
// them. Programs that need one table only should name it, or use Native: For
// links every table in.
func For(arch string) (*Table, error) {
	known := make([]string, len(tables))
	for i, t := range tables {
		if t.Arch == arch {
			return t, nil
		}
		known[i] = t.Arch
	}
	return nil, fmt.Errorf("no system call table for architecture %q: there are tables for %s", arch, strings.Join(known, ", "))
}

// Tables gives every table: those of Go's architectures sorted by name, and then
// the companions. Like For it links every table in.
func Tables() []*Table { return slices.Clone(tables[:]) }

// The machines of linux/elf-em.h whose errors have numbers of their own.
const machineMIPS = 8

// ENOSYS gives the number of the error ENOSYS on the architecture: 38, and 89 on
// all of mips (arch/mips/include/uapi/asm/errno.h).
func (t *Table) ENOSYS() uint16 {
	if uint16(t.AuditArch) == machineMIPS { // the lower half is the machine
		return 89
	}
	return 38
}

// Len gives the number of calls.
func (t *Table) Len() int { return len(t.calls) }

// All goes through the calls in the order of their numbers. What it yields
// belongs to the table and must not be changed.
func (t *Table) All() iter.Seq[*Call] {
	return func(yield func(*Call) bool) {
		for i := range t.calls {
			if !yield(&t.calls[i]) {
				return
			}
		}
	}
}

// ByName finds a call by the kernel's name of it, such as "openat" or
// "newfstatat". Names of the C library that the kernel does not have
// ("fstatat") are not found; see Nearest for what to suggest.
func (t *Table) ByName(name string) (*Call, bool) {
	if t.byName == nil {
		return nil, false // a table without calls
	}
	for slot := namehash.Of(name); t.byName[slot] != 0; slot = (slot + 1) % namehash.Slots {
		if c := &t.calls[t.byName[slot]-1]; c.Name == name {
			return c, true
		}
	}
	return nil, false
}

// ByNumber finds a call by its number.
func (t *Table) ByNumber(nr uint32) (*Call, bool) {
	i := sort.Search(len(t.calls), func(i int) bool { return t.calls[i].Nr >= nr })
	if i == len(t.calls) || t.calls[i].Nr != nr {
		return nil, false
	}
	return &t.calls[i], true
}

// A Call is one system call of one architecture.
type Call struct {
	Name   string
	Nr     uint32
	ENOSYS bool   // when denied by errno it gets ENOSYS: callers fall back on that only
	wide   uint8  // bit i: the kernel looks at all 64 bits of argument i
	nargs  uint8  // how many arguments it has
	sig    uint16 // index into signatures
}

// An Arg is one argument of a system call, as the kernel declares it.
type Arg struct {
	Name  string // "filename"
	Type  string // in C: "const char *", "umode_t"
	Width uint8  // bits that the kernel looks at: 32 (the lower half) or 64
}

// String gives the argument as C declares it.
func (a Arg) String() string {
	if strings.HasSuffix(a.Type, "*") {
		return a.Type + a.Name
	}
	return a.Type + " " + a.Name
}

// NArgs gives the number of arguments, 0 to 6.
func (c *Call) NArgs() int { return int(c.nargs) }

// Args gives the arguments in order. The slice is the caller's.
func (c *Call) Args() []Arg {
	args := make([]Arg, 0, 6)
	if c.nargs == 0 {
		return args
	}
	// Only here, so that who does not ask for names and types does not link them.
	for arg := range strings.SplitSeq(signatures[c.sig], ", ") {
		name, typ, _ := strings.Cut(arg, " ")
		args = append(args, Arg{name, typ, uint8(c.Width(len(args)))})
	}
	return args
}

// Width says how many bits of argument i, counted from 0, the kernel looks at:
// 32 or 64, and 0 where the call has no such argument.
func (c *Call) Width(i int) int {
	switch {
	case i < 0 || i >= c.NArgs():
		return 0
	case c.wide>>i&1 != 0:
		return 64
	}
	return 32
}

// String gives the call with its arguments: "openat(int dfd, const char
// *filename, int flags, umode_t mode)".
func (c *Call) String() string {
	args := make([]string, 0, 6)
	for _, a := range c.Args() {
		args = append(args, a.String())
	}
	return c.Name + "(" + strings.Join(args, ", ") + ")"
}
