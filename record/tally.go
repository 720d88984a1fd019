package record

import (
	"time"

	"github.com/gocurb/curb/usage"
)

// A tally is what a method has summed up.
type tally struct {
	images []*image
	lost   usage.Lost
}

// An image is a program that ran, or a process that ran it.
type image struct {
	program     *program
	pid, parent int // of the first process, 0 if it has no number here
	command     []string
	launcher    bool // not a program, but the child that becomes the command
	joined      bool // it ran before
	unwanted    bool // what it does need not be counted
	calls       map[callID]*observed
	stacks      map[uint64]*stack
}

// An entry is one of the ways into the kernel, each with numbers of its own.
type entry uint8

// The entries, as bpf/arch.h has them.
const (
	native entry = iota
	compat
	x32
)

const entries = 3 // how many there are

// A callID is a system call.
type callID struct {
	entry entry
	nr    uint32
}

// observed is what was seen of one call.
type observed struct {
	calls, denied uint64
	time          time.Duration
	errors        map[int]uint64
	values        [maxTracked]valueSet
	ways          map[uint64]*way // by the stack's key
}

// A valueSet is the values that an argument had.
type valueSet struct {
	known  bool // somebody looked
	any    bool // there are more
	values map[uint64]bool
}

// A way is how often a call was made with one stack.
type way struct {
	calls uint64
	time  time.Duration
}

// A stack is the addresses of the calls, innermost first, each that of the
// instruction after it. All are relative to the start of the program's code.
type stack struct {
	word uint64 // at the stack pointer
	pcs  []uint64
	cut  bool
}

// outside is an address that is not in the program's code.
const outside = ^uint64(0)

// call returns what is kept of a call, new if need be.
func (i *image) call(id callID) *observed {
	o := i.calls[id]
	if o == nil {
		o = &observed{}
		if i.calls == nil {
			i.calls = map[callID]*observed{}
		}
		i.calls[id] = o
	}
	return o
}

func (o *observed) fail(errno int, n uint64) {
	if errno == 0 {
		return
	}
	if o.errors == nil {
		o.errors = map[int]uint64{}
	}
	o.errors[errno] += n
}

// maxValues is how many values are kept of one argument.
const maxValues = 64

// add adds a value that was seen.
func (s *valueSet) add(value uint64) {
	s.known = true
	switch {
	case s.values[value]:
	case len(s.values) == maxValues:
		s.any = true
	default:
		if s.values == nil {
			s.values = map[uint64]bool{}
		}
		s.values[value] = true
	}
}

func (o *observed) way(key uint64) *way {
	w := o.ways[key]
	if w == nil {
		w = &way{}
		if o.ways == nil {
			o.ways = map[uint64]*way{}
		}
		o.ways[key] = w
	}
	return w
}
