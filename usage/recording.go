package usage

import "time"

// A Recording is one stretch of watching: what "curb record" ran or joined, once.
type Recording struct {
	// ID tells one recording from all others, on whatever machine: 16 random
	// bytes in hex. Merging the same recording twice is noticed by it.
	ID       string        `json:"id"`
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration"` // in nanoseconds
	Host     string        `json:"host,omitempty"`
	Kernel   string        `json:"kernel,omitempty"` // the release, as uname says it
	// Command is what was run, nil where running processes were joined.
	Command []string `json:"command,omitempty"`
	Method  string   `json:"method"` // "bpf" or "ptrace"
	Lost    Lost     `json:"lost"`
}

// Lost counts what a recording missed. All are zero in one that is complete.
type Lost struct {
	Events    uint64 `json:"events,omitempty"`    // calls that were made and not counted
	Stacks    uint64 `json:"stacks,omitempty"`    // calls that were counted, but their stack was not taken
	Values    uint64 `json:"values,omitempty"`    // calls that were counted, but their arguments were not looked at
	Processes uint64 `json:"processes,omitempty"` // processes that were not followed
}

// Any reports whether something was missed.
func (l Lost) Any() bool { return l != Lost{} }

// Add adds what another recording missed.
func (l *Lost) Add(o Lost) {
	l.Events += o.Events
	l.Stacks += o.Stacks
	l.Values += o.Values
	l.Processes += o.Processes
}

// A Process is one process, where a usage is of one alone.
type Process struct {
	PID     int      `json:"pid"` // as the recorder sees it
	Parent  int      `json:"parent,omitempty"`
	Command []string `json:"command,omitempty"`
}

// Observed is how often a call was made, and how it ended.
type Observed struct {
	// Calls counts those that the kernel executed, those that failed among them.
	Calls uint64 `json:"calls"`
	// Denied counts those that a filter kept from being executed. They are not
	// in Calls, and their errors not in Errors.
	Denied uint64 `json:"denied,omitempty"`
	// Time is the sum of what the calls took, in nanoseconds, waiting included;
	// 0 where it was not taken.
	Time time.Duration `json:"time,omitempty"`
	// Errors counts the calls that failed, by the number of the error, which is
	// the architecture's.
	Errors map[int]uint64 `json:"errors,omitempty"`
}

// A Stack is one way in which a call was made, with how often that was.
type Stack struct {
	// Frames are the functions, the one that makes the call first. Where calls
	// were inlined each has its own frame, so that there can be more of them than
	// of PCs.
	Frames []Frame `json:"frames"`
	// PCs are the addresses in the binary's file (the addresses of its symbols,
	// wherever it was loaded), the call's first: each is that of the instruction
	// after a call. It is 0 for code that is not the binary's: the vDSO, a
	// library, code made at run time. The caller of a leaf without a frame of its
	// own has its place in the list as any other. Usages of several binaries have
	// none.
	PCs []uint64 `json:"pcs,omitempty"`
	// Cut means that the stack was deeper than is kept, or could not be followed
	// to its end.
	Cut    bool          `json:"cut,omitempty"`
	Binary string        `json:"binary,omitempty"` // as in Evidence
	Calls  uint64        `json:"calls"`
	Time   time.Duration `json:"time,omitempty"`
}

// Dropped says what a merge has left out so that its result stays bounded.
type Dropped struct {
	Recordings uint64 `json:"recordings,omitempty"` // descriptions of them; their calls are counted
	Lost       Lost   `json:"lost"`                 // what those missed
	Stacks     uint64 `json:"stacks,omitempty"`     // calls that are counted, but whose stacks were left out
	Places     bool   `json:"places,omitempty"`     // some evidence, packages or unresolved places
}
