package filter

import "slices"

// A span is a range of numbers. Lists of spans are in order and apart from each
// other.
type span struct{ lo, hi uint64 }

// spansOf gives values, which are in order and distinct, as spans.
func spansOf(values []uint64) []span {
	spans := make([]span, 0, len(values))
	for _, v := range values {
		if last := len(spans) - 1; last >= 0 && spans[last].hi+1 == v {
			spans[last].hi = v
		} else {
			spans = append(spans, span{v, v})
		}
	}
	return spans
}

// distinct sorts values and gives each once, in the same array.
func distinct(values []uint64) []uint64 {
	slices.Sort(values)
	return slices.Compact(values)
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

// union gives the numbers that are in one of the lists at least.
func union(a, b []span) []span {
	all := make([]span, 0, len(a)+len(b))
	for len(a)+len(b) > 0 {
		if len(b) == 0 || len(a) > 0 && a[0].lo < b[0].lo {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	joined := all[:1]
	for _, s := range all[1:] {
		last := &joined[len(joined)-1]
		if s.lo <= last.hi || s.lo == last.hi+1 {
			last.hi = max(last.hi, s.hi)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// intersection gives the numbers that are in both lists.
func intersection(a, b []span) []span {
	var both []span
	for len(a) > 0 && len(b) > 0 {
		lo, hi := max(a[0].lo, b[0].lo), min(a[0].hi, b[0].hi)
		if lo <= hi {
			both = append(both, span{lo, hi})
		}
		if a[0].hi < b[0].hi {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}
