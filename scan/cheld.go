package scan

import (
	"slices"

	"github.com/gocurb/curb/internal/elfimage"
	"github.com/gocurb/curb/internal/isa"
)

// A cheld finds the calls of a function of C that has its address in words of the
// data, as libcap has its own syscall in a record of two pointers. All code that
// refers to those words, or to what lies beside them, is followed forwards, with
// what it does with the pointers.
type cheld struct {
	w     *cwalk // of the program's whole life
	fn    cplace
	words map[cplace][]cplace // what words hold of fn and of addresses in areas
	areas map[carea]bool      // sections that hold such words
	ways  map[cfunc]map[int][]int

	seen  map[cstate]bool
	work  []cstate
	calls []caller
	open  bool // something is done with a pointer that is not followed
}

// A carea is a section of an image.
type carea struct {
	image int
	elfimage.Range
}

// A cstate is a register that holds a pointer before an instruction, or that a
// function returns.
type cstate struct {
	at  cfunc
	i   int // noFunc: after the function has returned
	reg isa.Reg
	ptr cplace
}

// maxHeldStates bounds how far pointers are followed.
const maxHeldStates = 20000

// heldCalls returns the calls of a function through pointers that data holds. It is
// not ok if there may be others.
func (w *cwalk) heldCalls(at cfunc) (calls []caller, ok bool) {
	whole := w
	if w.whole != nil {
		whole = w.whole
	}
	im := w.c.images[at.image]
	h := &cheld{
		w: whole, fn: cplace{at.image, im.Funcs[at.fn].Start},
		words: map[cplace][]cplace{}, areas: map[carea]bool{},
		ways: map[cfunc]map[int][]int{}, seen: map[cstate]bool{},
	}
	if at.image == 0 || at.image == w.c.loader || whole.named[h.fn] || !h.findWords() {
		return nil, false
	}
	for i, im := range w.c.images {
		if !h.mayGet(i) {
			continue
		}
		for fn := range whole.steps[i].reached {
			h.begin(cfunc{i, fn}, im)
		}
	}
	for len(h.work) > 0 && !h.open && len(h.seen) < maxHeldStates {
		s := h.work[len(h.work)-1]
		h.work = h.work[:len(h.work)-1]
		h.step(s)
	}
	for _, by := range h.calls {
		from := w.c.function(by.fn)
		if w.steps[from.image][from.fn] != nil {
			calls = append(calls, by)
		}
	}
	return calls, !h.open && len(h.work) == 0
}

// findWords finds the words of the data that hold the function, and those that point
// to where these are, and so on. It fails where other code than that which refers to
// them can find them: by the name of a variable, or where the loader calls what they
// hold, or copies them.
func (h *cheld) findWords() bool {
	for again := true; again; {
		again = false
		for i, im := range h.w.c.images {
			for _, r := range im.Relocs {
				for _, to := range im.slots.at(r.Addr) {
					again = h.note(cplace{i, r.Addr}, to, r.Slot) || again
				}
			}
		}
	}
	for word := range h.words {
		im := h.w.c.images[word.image]
		within := func(r elfimage.Range) bool { return r.Contains(word.addr) }
		if word.image == 0 || within(im.TLS) || slices.ContainsFunc(im.Inits, within) || slices.ContainsFunc(im.Finis, within) {
			return false
		}
	}
	for area := range h.areas {
		im := h.w.c.images[area.image]
		if area.image == h.w.c.loader || !im.PIC {
			return false
		}
		for s := range im.Exports {
			if area.Contains(s.Addr) || s.Addr == area.End {
				return false
			}
		}
	}
	return true
}

// note notes that a word holds an address, if it is one that matters and is not
// known yet.
func (h *cheld) note(word, to cplace, slot bool) bool {
	if to != h.fn && !h.inArea(to) {
		return false
	}
	if slices.Contains(h.words[word], to) {
		return false
	}
	h.words[word] = append(h.words[word], to)
	if !slot {
		h.areas[carea{word.image, h.w.c.images[word.image].Section(word.addr)}] = true
	}
	return true
}

func (h *cheld) inArea(p cplace) bool {
	for area := range h.areas {
		if area.image == p.image && area.Contains(p.addr) {
			return true
		}
	}
	return false
}

// mayGet reports whether the code of an image can get one of the pointers by itself: it
// refers to its own image only.
func (h *cheld) mayGet(image int) bool {
	if image == h.fn.image {
		return true
	}
	for word := range h.words {
		if word.image == image {
			return true
		}
	}
	for area := range h.areas {
		if area.image == image {
			return true
		}
	}
	return false
}

// begin finds where a reachable function gets one of the pointers.
func (h *cheld) begin(at cfunc, im *cimage) {
	for _, x := range im.facts[at.fn].refs {
		p := cplace{at.image, x.addr}
		switch {
		case x.takesAddr() && (p == h.fn || h.inArea(p)):
		case (x.kind == refLoad || x.kind == refSlotCall || x.kind == refSlotJump) && !h.free(p, x.size):
		default:
			continue
		}
		b := h.body(at)
		i, ok := b.find(x.place)
		if !ok {
			h.open = true
			return
		}
		switch in := &b.insts[i]; {
		case x.takesAddr() && in.Op == isa.Lea && in.Size == 8 && in.Dst.Kind == isa.KindReg && global(&in.Src):
			h.after(at, i, in.Dst.Reg, p)
		case x.takesAddr():
			h.open = h.open || p == h.fn || !global(&in.Dst) || in.Dst.Inexact || !h.free(p, in.Dst.Size)
		default:
			h.load(at, i, in, p, x.size)
		}
	}
}

// free reports whether none of the words is among size bytes at a place.
func (h *cheld) free(p cplace, size uint8) bool {
	const word = 8
	for addr := p.addr - word + 1; addr != p.addr+uint64(size); addr++ {
		if len(h.words[cplace{p.image, addr}]) > 0 {
			return false
		}
	}
	return size > 0
}

// load looks at an instruction that reads memory at a place.
func (h *cheld) load(at cfunc, i int, in *isa.Inst, p cplace, size uint8) {
	values := h.words[p]
	switch {
	case h.free(p, size) || in.Op == isa.Cmp || in.Op == isa.Test:
	case len(values) == 0 || size != 8:
		h.open = true
	case in.Op == isa.CallInd || in.Op == isa.JumpInd:
		for _, to := range values {
			h.called(at, i, to)
		}
	case in.Op == isa.Mov && in.Size == 8 && in.Dst.Kind == isa.KindReg:
		for _, to := range values {
			h.after(at, i, in.Dst.Reg, to)
		}
	default:
		h.open = true
	}
}

// called notes a call or jump through a pointer.
func (h *cheld) called(at cfunc, i int, to cplace) {
	if to == h.fn {
		h.calls = append(h.calls, caller{h.w.c.number(at), h.body(at).place(i)})
	}
}

func (h *cheld) body(at cfunc) *body { return h.w.c.a.body(h.w.c.number(at)) }

func (h *cheld) push(s cstate) {
	if !h.seen[s] {
		h.seen[s] = true
		h.work = append(h.work, s)
	}
}

// after goes on behind an instruction, with a pointer in a register.
func (h *cheld) after(at cfunc, i int, reg isa.Reg, ptr cplace) {
	b := h.body(at)
	out := h.ways[at]
	if out == nil {
		out = b.successors()
		h.ways[at] = out
	}
	for _, k := range b.next(i, out, nil) {
		h.push(cstate{at, k, reg, ptr})
	}
	switch b.insts[i].Op {
	case isa.JumpInd, isa.Call, isa.CallInd: // perhaps to where a switch leads, or to what catches an exception
		for k := range b.open {
			h.push(cstate{at, k, reg, ptr})
		}
	}
}

// enter goes on at a place to which control goes, with a pointer in a register.
func (h *cheld) enter(p cplace, reg isa.Reg, ptr cplace) {
	im := h.w.c.images[p.image]
	fn := im.FuncAt(p.addr)
	if fn < 0 || im.resolvers[p.addr] {
		h.open = true // Go's, or of several that the loader chooses from
		return
	}
	at := cfunc{p.image, fn}
	if i, ok := h.body(at).at(p.addr); ok {
		h.push(cstate{at, i, reg, ptr})
	} else {
		h.open = true
	}
}
