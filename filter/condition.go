package filter

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// A span is a range of numbers.
type span struct{ lo, hi uint64 }

// A test is a condition made ready: it holds when the argument, ANDed with the
// mask, is in one of the spans, which are in order and apart from each other.
type test struct {
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
	values := make([]uint64, len(c.Values))
	for i, v := range c.Values {
		var err error
		if values[i], err = fit(v, width); err != nil {
			return test{}, err
		}
	}
	want, err := c.spans(values, mask, limit)
	if err != nil {
		return test{}, err
	}
	t := test{wide: width == 64, want: want}
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
		return nil, fmt.Errorf("no comparison was given")
	}
	if c.Op == Equal || c.Op == NotEqual {
		if len(values) == 0 {
			return nil, fmt.Errorf("no value was given")
		}
		for _, v := range values {
			if v&^mask != 0 {
				return nil, fmt.Errorf("%#x is never equal to what is left by the mask %#x", v, mask)
			}
		}
		if n := bits.OnesCount64(mask); n < 32 && len(distinct(values)) == 1<<n {
			return nil, fmt.Errorf("these are all values that the mask %#x leaves", mask)
		}
		equal := unite(values)
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

func distinct(values []uint64) []uint64 {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}

// unite gives the values as spans.
func unite(values []uint64) []span {
	var spans []span
	for _, v := range distinct(values) {
		if last := len(spans) - 1; last >= 0 && spans[last].hi+1 == v {
			spans[last].hi = v
		} else {
			spans = append(spans, span{v, v})
		}
	}
	return spans
}

// without gives the numbers up to limit that are in none of the spans.
func without(spans []span, limit uint64) []span {
	var rest []span
	next := uint64(0)
	for _, s := range spans {
		if s.lo > next {
			rest = append(rest, span{next, s.lo - 1})
		}
		if s.hi == limit {
			return rest
		}
		next = s.hi + 1
	}
	return append(rest, span{next, limit})
}

// write writes the test.
func (t test) write(a *assembler, yes, no label) label {
	if !t.wide {
		return writeHalf(a, t.low, t.want, yes, no)
	}
	var rows []branch
	for _, h := range splitHalves(t.want) {
		to := writeHalf(a, t.low, h.low, yes, no)
		rows = append(rows, branch{lo: h.lo, hi: h.hi, to: to, weight: 1})
	}
	if t.high.mask == 0 { // so the upper half is 0
		if rows[0].lo == 0 {
			return rows[0].to.write(a)
		}
		return no
	}
	return writeSearch(a, t.high, rows, no)
}

// writeHalf writes the test of one half of an argument.
func writeHalf(a *assembler, w word, want []span, yes, no label) label {
	rows := make([]branch, len(want))
	for i, s := range want {
		rows[i] = branch{lo: uint32(s.lo), hi: uint32(s.hi), to: yes, weight: 1}
	}
	isZero := len(want) == 1 && want[0] == span{0, 0}
	isSet := w.mask&(w.mask-1) == 0 && len(want) == 1 && want[0] == span{uint64(w.mask), uint64(w.mask)}
	notZero := len(want) == 1 && want[0] == span{1, whole}
	bare := word{w.offset, whole}
	switch {
	case w.mask == 0: // so this half is 0
		if want[0].lo == 0 {
			return yes
		}
		return no
	case w.mask != whole && isZero:
		return a.load(bare, a.compare(bare, jumpSet, w.mask, no, yes))
	case w.mask != whole && (isSet || notZero):
		return a.load(bare, a.compare(bare, jumpSet, w.mask, yes, no))
	}
	return writeSearch(a, w, rows, no)
}

// writeSearch writes the load of a word and the search for it among the
// branches, with no for all numbers between them.
func writeSearch(a *assembler, w word, branches []branch, no label) label {
	var all []branch
	next := uint64(0)
	for _, b := range branches {
		if uint64(b.lo) > next {
			all = append(all, branch{lo: uint32(next), hi: b.lo - 1, to: no, weight: 1})
		}
		all = append(all, b)
		next = uint64(b.hi) + 1
	}
	if next <= whole {
		all = append(all, branch{lo: uint32(next), hi: whole, to: no, weight: 1})
	}
	return a.load(w, a.search(w, all))
}

// A halves is a range of upper halves, and the lower halves that are wanted with
// each of them.
type halves struct {
	lo, hi uint32
	low    []span
}

// splitHalves splits spans of 64-bit numbers into upper and lower halves.
func splitHalves(spans []span) []halves {
	var rows []halves
	add := func(lo, hi uint32, low span) {
		last := len(rows) - 1
		if last >= 0 && rows[last].hi == lo && rows[last].lo == lo {
			rows[last].low = append(rows[last].low, low)
			return
		}
		rows = append(rows, halves{lo, hi, []span{low}})
	}
	for _, s := range spans {
		lo, hi := uint32(s.lo>>32), uint32(s.hi>>32)
		lowLo, lowHi := s.lo&whole, s.hi&whole
		if lo == hi {
			add(lo, lo, span{lowLo, lowHi})
			continue
		}
		if lowLo != 0 {
			add(lo, lo, span{lowLo, whole})
			lo++
		}
		partial := lowHi != whole
		if partial {
			hi--
		}
		if lo <= hi {
			add(lo, hi, span{0, whole})
		}
		if partial {
			hi++
			add(hi, hi, span{0, lowHi})
		}
	}
	return rows
}
