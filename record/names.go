package record

import (
	"fmt"
	"slices"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/internal/source"
	"github.com/gocurb/curb/usage"
)

// A namer turns stacks into functions and lines, by the line table that every Go
// binary has.
type namer struct {
	program *program
	known   map[uint64]*stack
	file    *gobin.File // nil if it is not a Go program that can be read
	source  *source.Namer
	frames  map[uint64][]usage.Frame
}

// newNamer opens a program for the stacks that it has.
func newNamer(p *program, known map[uint64]*stack) *namer {
	n := &namer{program: p, known: known, frames: map[uint64][]usage.Frame{}}
	if len(known) == 0 || p.file == nil {
		return n
	}
	// The file may have another name by now, or none.
	if file, err := gobin.Open(fmt.Sprintf("/proc/self/fd/%d", p.file.Fd())); err == nil {
		n.file, n.source = file, source.NewNamer(file)
	}
	return n
}

func (n *namer) close() {
	if n.file != nil {
		n.file.Close()
	}
}

// stacks names the ways in which a call was made. Different stacks can have the
// same addresses once the word at the stack pointer, if it means nothing, is gone.
func (n *namer) stacks(ways map[uint64]*way) []usage.Stack {
	at := map[string]int{}
	var list []usage.Stack
	for key, w := range ways {
		s := n.known[key]
		if s == nil {
			continue
		}
		named := n.name(s)
		named.Calls, named.Time = w.calls, w.time
		id := fmt.Sprint(named.PCs, named.Cut)
		if i, ok := at[id]; ok {
			list[i].Calls += w.calls
			list[i].Time += w.time
			continue
		}
		at[id] = len(list)
		list = append(list, named)
	}
	return list
}

func (n *namer) name(s *stack) usage.Stack {
	var out usage.Stack
	pcs := slices.Clone(s.pcs)
	// A leaf without a frame has not pushed its caller's frame pointer, so the
	// chain of frames misses the caller: its return address is where the stack
	// pointer points.
	if len(pcs) > 0 && n.frameless(pcs[0]) {
		pcs = slices.Insert(pcs, 1, s.word)
	}
	out.Cut = s.cut
	for _, pc := range pcs {
		if pc == outside {
			out.PCs = append(out.PCs, 0)
			out.Frames = append(out.Frames, usage.Frame{Function: "?"})
			continue
		}
		pc += n.program.codeStart
		out.PCs = append(out.PCs, pc)
		out.Frames = append(out.Frames, n.at(pc)...)
	}
	return out
}

// frameless reports whether the code at a relative address has no frame of its own.
func (n *namer) frameless(pc uint64) bool {
	if n.file == nil || pc == outside {
		return false
	}
	pc += n.program.codeStart
	i := n.file.FuncAt(pc - 1)
	if i < 0 {
		return false
	}
	size, ok := n.file.Frames(&n.file.Funcs[i]).At(pc - 1)
	return ok && size == 0
}

// at names the functions at an address, which is that of the instruction after a
// call, the innermost inlined one first.
func (n *namer) at(pc uint64) []usage.Frame {
	if frames, ok := n.frames[pc]; ok {
		return frames
	}
	frames := []usage.Frame{{Function: fmt.Sprintf("%#x", pc)}}
	if n.file != nil {
		if i := n.file.FuncAt(pc - 1); i >= 0 {
			frames = nil
			for _, p := range n.file.Position(&n.file.Funcs[i], pc-1) {
				frames = append(frames, n.source.Frame(p))
			}
		}
	}
	n.frames[pc] = frames
	return frames
}
