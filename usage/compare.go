package usage

import (
	"cmp"
	"slices"
	"strings"
)

// A Comparison holds what was observed of a program against what was predicted.
// In JSON it is the stable form that the command prints; fields may be added, none
// is renamed.
type Comparison struct {
	Binary     string `json:"binary"`
	GoVersion  string `json:"goVersion"`
	Arch       string `json:"arch"`
	Phase      Phase  `json:"phase"`
	Recordings uint64 `json:"recordings"`
	Lost       Lost   `json:"lost"` // what those missed
	// Others are the programs whose calls count as observed as well.
	Others []string `json:"others,omitempty"`
	// Observed lists the calls that were seen, Missed those of them that were not
	// predicted: each is a bug in curb, unless some places are unresolved.
	Observed []string  `json:"observed"`
	Missed   []Syscall `json:"missed"`
	// MissedValues are the values of arguments that were seen and not predicted:
	// bugs in curb, like missed calls.
	MissedValues []MissedValue `json:"missedValues"`
	// Gaps are what the stacks have and the static call graph has not: bugs in
	// curb. Stacks counts those that were compared, Unknown those that could not
	// be, as they have no addresses.
	Gaps    []Gap `json:"gaps"`
	Stacks  int   `json:"stacks"`
	Unknown int   `json:"unknownStacks,omitempty"`
	// Unseen are the calls that were predicted and never observed, with the code
	// that could make each.
	Unseen     []Syscall    `json:"unseen"`
	Unresolved []Unresolved `json:"unresolved"`
}

// A Gap is two neighbours of a stack that the static call graph does not know as
// caller and callee.
type Gap struct {
	Caller Frame     `json:"caller"` // empty where the callee alone is in question
	Callee Frame     `json:"callee"`
	PCs    [2]uint64 `json:"pcs"` // the callee's and the caller's, as in Stack
	Reason string    `json:"reason"`
}

// A Checker returns the gaps of a stack of the program, as scan.Graph does.
type Checker interface{ Missing(*Stack) []Gap }

// Compare begins to compare what a program was observed to do with what was
// predicted.
func Compare(predicted *Usage) *Comparison {
	return &Comparison{
		Binary: predicted.Binary, GoVersion: predicted.GoVersion, Arch: predicted.Arch, Phase: predicted.Phase,
		Observed: []string{}, Missed: []Syscall{}, MissedValues: []MissedValue{}, Gaps: []Gap{},
		Unseen: slices.Clone(predicted.Syscalls), Unresolved: predicted.Unresolved,
	}
}

// Add compares one more usage that was recorded of the very program. A call that
// the kernel denied was made, and counts.
func (c *Comparison) Add(predicted, seen *Usage, graph Checker) {
	c.count(seen)
	for i := range seen.Syscalls {
		s := &seen.Syscalls[i]
		if s.Observed == nil {
			continue
		}
		if i := predicted.index(s); i < 0 {
			c.miss(s)
		} else {
			c.missValues(&predicted.Syscalls[i], s)
		}
		c.exercise(s)
		for k := range s.Stacks {
			if len(s.Stacks[k].PCs) == 0 {
				c.Unknown++
				continue
			}
			c.Stacks++
			for _, gap := range graph.Missing(&s.Stacks[k]) {
				c.gap(gap)
			}
		}
	}
}

// AddOther counts what another program was seen to do as observed: a test of the
// program's packages, for example.
func (c *Comparison) AddOther(seen *Usage) {
	c.count(seen)
	if i, found := slices.BinarySearch(c.Others, seen.Binary); !found {
		c.Others = slices.Insert(c.Others, i, seen.Binary)
	}
	for i := range seen.Syscalls {
		if s := &seen.Syscalls[i]; s.Observed != nil {
			c.exercise(s)
		}
	}
}

func (c *Comparison) count(seen *Usage) {
	c.Recordings += uint64(len(seen.Recordings))
	if seen.Dropped != nil {
		c.Recordings += seen.Dropped.Recordings
	}
	c.Lost.Add(seen.lost())
}

// lost is what the recordings of a usage missed.
func (u *Usage) lost() Lost {
	var lost Lost
	for _, r := range u.Recordings {
		lost.Add(r.Lost)
	}
	if u.Dropped != nil {
		lost.Add(u.Dropped.Lost)
	}
	return lost
}

// index returns where a call is in the usage, -1 if it is not.
func (u *Usage) index(s *Syscall) int {
	return slices.IndexFunc(u.Syscalls, func(p Syscall) bool { return p.key() == s.key() })
}

// exercise notes that a call was observed.
func (c *Comparison) exercise(s *Syscall) {
	if i, found := slices.BinarySearch(c.Observed, s.label()); !found {
		c.Observed = slices.Insert(c.Observed, i, s.label())
	}
	c.Unseen = slices.DeleteFunc(c.Unseen, func(p Syscall) bool { return p.key() == s.key() })
}

// label is the call's name, with the architecture where that is another one.
func (s *Syscall) label() string {
	if s.Arch != "" {
		return s.Name + "/" + s.Arch
	}
	return s.Name
}

// miss notes a call that was not predicted.
func (c *Comparison) miss(s *Syscall) {
	i, found := slices.BinarySearchFunc(c.Missed, s, func(have Syscall, s *Syscall) int { return strings.Compare(have.label(), s.label()) })
	if !found {
		have := *s
		have.Observed = &Observed{}
		have.Stacks = nil
		c.Missed = slices.Insert(c.Missed, i, have)
	}
	have := &c.Missed[i]
	have.Observed.add(s.Observed)
	have.Stacks = append(have.Stacks, s.Stacks[:min(len(s.Stacks), enoughStacks-len(have.Stacks))]...)
}

// enoughStacks is how many are shown of what was missed.
const enoughStacks = 10

// gap notes a gap, each once.
func (c *Comparison) gap(g Gap) {
	i, found := slices.BinarySearchFunc(c.Gaps, g, func(a, b Gap) int {
		return cmp.Or(
			cmp.Compare(a.Callee.Function, b.Callee.Function), cmp.Compare(a.Caller.Function, b.Caller.Function),
			slices.Compare(a.PCs[:], b.PCs[:]),
		)
	})
	if !found {
		c.Gaps = slices.Insert(c.Gaps, i, g)
	}
}
