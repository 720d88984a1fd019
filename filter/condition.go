package filter

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// A test is a condition made ready: it holds when the argument, ANDed with the
// mask, is in one of the spans, which are in order and apart from each other.
type test struct {
	arg       int
	low, high word // the halves of the argument, with the mask
	wide      bool // whether the upper half counts
	want      []span
}

// resolve makes a condition ready for an argument of 32 or 64 bits.
func (c Cond) resolve(width int, bigEndian bool) (test, error) {
	limit := uint64(math.MaxUint64)
	if width == 32 {
		limit = math.MaxUint32
	}
	mask := limit
	if c.Mask != 0 {
		var err error
		if mask, err = fit(c.Mask, width); err != nil {
			return test{}, fmt.Errorf("the mask: %w", err)
		}
	}
	var few [8]uint64
	values := few[:0]
	for _, v := range c.Values {
		v, err := fit(v, width)
		if err != nil {
			return test{}, err
		}
		values = append(values, v)
	}
	want, err := c.spans(values, mask, limit)
	if err != nil {
		return test{}, err
	}
	t := test{arg: c.Arg, wide: width == 64, want: want}
	t.low, t.high = argWords(c.Arg, bigEndian)
	t.low.mask, t.high.mask = uint32(mask), uint32(mask>>32)
	return t, nil
}

// fit gives the part of a value that counts.
func fit(v uint64, width int) (uint64, error) {
	low := v & math.MaxUint32
	switch {
	case width == 64:
		return v, nil
	case v == low || v == uint64(int32(low)):
		return low, nil
	}
	return 0, fmt.Errorf("%#x does not fit: of this argument the kernel takes 32 bits", v)
}

// spans gives the numbers for which the comparison holds. One that holds for
// none, or for all, is not what anybody means, and an error.
func (c Cond) spans(values []uint64, mask, limit uint64) ([]span, error) {
	if c.Op < Equal || c.Op > GreaterOrEqual {
		return nil, errors.New("no comparison was given")
	}
	if c.Op == Equal || c.Op == NotEqual {
		if len(values) == 0 {
			return nil, errors.New("no value was given")
		}
		for _, v := range values {
			if v&^mask != 0 {
				return nil, fmt.Errorf("%#x is never equal to what is left by the mask %#x", v, mask)
			}
		}
		values = distinct(values)
		if n := bits.OnesCount64(mask); n < 32 && len(values) == 1<<n {
			return nil, fmt.Errorf("these are all values that the mask %#x leaves", mask)
		}
		equal := spansOf(values)
		if c.Op == Equal {
			return equal, nil
		}
		return without(equal, limit), nil
	}
	if len(values) != 1 {
		return nil, fmt.Errorf("%v takes one value, not %d", c.Op, len(values))
	}
	return c.ordered(values[0], mask, limit)
}

// ordered is spans for the comparisons other than those for equality.
func (c Cond) ordered(v, mask, limit uint64) ([]span, error) {
	// What is left by a mask is never greater than it.
	var never, always bool
	var want span
	switch c.Op {
	case Less:
		never, always, want = v == 0, v > mask, span{0, v - 1}
	case LessOrEqual:
		always, want = v >= mask, span{0, v}
	case Greater:
		never, want = v >= mask, span{v + 1, limit}
	case GreaterOrEqual:
		never, always, want = v > mask, v == 0, span{v, limit}
	}
	if never || always {
		which := "never"
		if always {
			which = "always"
		}
		return nil, fmt.Errorf("that is %s true: comparisons are unsigned", which)
	}
	return []span{want}, nil
}

// sameArgument reports whether two tests look at the same part of the same
// argument.
func (t *test) sameArgument(u *test) bool {
	return t.low == u.low && t.high == u.high && t.wide == u.wide
}

// always reports whether the test holds for every number.
func (t *test) always() bool {
	mask := uint64(t.low.mask)
	if t.wide {
		mask |= uint64(t.high.mask) << 32
	}
	return len(t.want) == 1 && t.want[0].lo == 0 && t.want[0].hi >= mask
}

// example gives a number for which the test holds, one of the frequent ones if it
// holds for one.
func (t *test) example(frequent []uint64) uint64 {
	for _, v := range frequent {
		for _, s := range t.want {
			if s.lo <= v && v <= s.hi {
				return v
			}
		}
	}
	return t.want[0].lo
}

// A way is where one outcome of a test leads, and how often, compared with the
// other.
type way struct {
	to     label
	weight int64
}

// write writes the test. Frequent values are found first, if they pass it.
func (t *test) write(a *assembler, yes, no way, frequent []uint64) label {
	if !t.wide {
		return a.half(t.low, t.want, yes, no, frequent)
	}
	if t.high.mask == 0 { // so the upper half is 0
		if t.want[0].lo > whole {
			return no.to
		}
		return a.half(t.low, splitHalves(t.want)[0].low, yes, no, frequent)
	}
	rows := splitHalves(t.want)
	list := make([]branch, 0, 2*len(rows)+1)
	for _, h := range rows {
		list = append(list, branch{lo: h.lo, hi: h.hi, to: a.half(t.low, h.low, yes, no, nil), weight: yes.weight})
	}
	return a.among(t.high, list, no)
}

// half writes the test of one half of an argument.
func (a *assembler) half(w word, want []span, yes, no way, frequent []uint64) label {
	bare := word{w.offset, whole}
	if w.mask != whole && len(want) == 1 {
		lo, hi := want[0].lo, want[0].hi
		oneBit := w.mask&(w.mask-1) == 0
		switch {
		case w.mask == 0: // so this half is 0
			if lo == 0 {
				return yes.to
			}
			return no.to
		case lo == 0 && hi == 0:
			return a.load(bare, a.compare(bare, jumpSet, w.mask, no.to, yes.to))
		case lo > 0 && hi >= uint64(w.mask) && (lo == 1 || oneBit && lo <= uint64(w.mask)):
			return a.load(bare, a.compare(bare, jumpSet, w.mask, yes.to, no.to))
		}
	} else if w.mask == 0 {
		if want[0].lo == 0 {
			return yes.to
		}
		return no.to
	}
	list := make([]branch, 0, 2*len(want)+1)
	for _, s := range want {
		b := branch{lo: uint32(s.lo), hi: uint32(min(s.hi, whole)), to: yes.to, weight: yes.weight}
		if a.passes&passWeigh != 0 {
			list = b.pick(list, frequent)
		} else {
			list = append(list, b)
		}
	}
	return a.among(w, list, no)
}

// pick appends the branch to the list, in parts if frequent values are in it: so
// they are compared alone, which takes one step.
func (b branch) pick(list []branch, frequent []uint64) []branch {
	more := b.weight * passing
	for i, v := range frequent {
		if v < uint64(b.lo) || v > uint64(b.hi) {
			continue
		}
		value, rest := uint32(v), frequent[i+1:]
		if value > b.lo {
			list = branch{lo: b.lo, hi: value - 1, to: b.to, weight: b.weight}.pick(list, rest)
		}
		list = append(list, branch{lo: value, hi: value, to: b.to, weight: more >> i, apart: true})
		if value < b.hi {
			list = branch{lo: value + 1, hi: b.hi, to: b.to, weight: b.weight}.pick(list, rest)
		}
		return list
	}
	return append(list, b)
}

// among writes the load of a word and the search for it among the branches, with
// no for all numbers between them.
func (a *assembler) among(w word, found []branch, no way) label {
	list := branches{all: make([]branch, 0, 2*len(found)+1), join: a.passes&passJoin != 0}
	for _, b := range found {
		list.fill(uint64(b.lo), no.to, no.weight)
		list.add(b)
	}
	list.fill(whole+1, no.to, no.weight)
	return a.load(w, a.search(w, list.all))
}

// A halves is a range of upper halves, and the lower halves that are wanted with
// each of them.
type halves struct {
	lo, hi uint32
	low    []span
}

// rows is a list of halves that is being made, in order.
type rows []halves

func (r *rows) add(lo, hi uint32, low span) {
	if last := len(*r) - 1; last >= 0 && (*r)[last].hi == lo && (*r)[last].lo == lo {
		(*r)[last].low = append((*r)[last].low, low)
		return
	}
	*r = append(*r, halves{lo, hi, []span{low}})
}

// splitHalves splits spans of 64-bit numbers into upper and lower halves.
func splitHalves(spans []span) []halves {
	var list rows
	for _, s := range spans {
		lo, hi := uint32(s.lo>>32), uint32(s.hi>>32)
		lowLo, lowHi := s.lo&whole, s.hi&whole
		if lo == hi {
			list.add(lo, lo, span{lowLo, lowHi})
			continue
		}
		if lowLo != 0 {
			list.add(lo, lo, span{lowLo, whole})
			lo++
		}
		partial := lowHi != whole
		if partial {
			hi--
		}
		if lo <= hi {
			list.add(lo, hi, span{0, whole})
		}
		if partial {
			hi++
			list.add(hi, hi, span{0, lowHi})
		}
	}
	return list
}
