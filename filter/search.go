package filter

import "slices"

// A branch says what happens for a range of numbers.
type branch struct {
	lo, hi uint32
	to     target
	weight int // how often, compared with the others, the number is in the range
}

// A target is what a search can lead to. It is comparable: branches to the same
// target are one.
type target interface {
	// write writes what is to happen, unless it is there already, and says
	// where.
	write(*assembler) label
}

func (l label) write(*assembler) label { return l }

// search writes a search for the branch that A, which holds the word on, is in.
// Branches are in order and do not overlap; numbers in none of them do not come.
//
// The result is a binary tree. It is balanced by weight, so that what is more
// frequent takes fewer steps. Numbers that stand alone are compared for
// equality, which takes one step where a range takes two.
func (a *assembler) search(on word, branches []branch) label {
	branches = mergeBranches(branches)
	if len(branches) == 1 {
		return branches[0].to.write(a)
	}
	if i := bestSingle(branches); i >= 0 {
		single := branches[i]
		no := a.search(on, slices.Concat(branches[:i], branches[i+1:]))
		return a.compare(on, jumpEqual, single.lo, single.to.write(a), no)
	}
	i := middle(branches)
	high := a.search(on, branches[i:])
	low := a.search(on, branches[:i])
	return a.compare(on, jumpAtLeast, branches[i].lo, high, low)
}

// mergeBranches joins neighbours that lead to the same target. The numbers
// between them do not come, or are found before.
func mergeBranches(branches []branch) []branch {
	merged := make([]branch, 0, len(branches))
	for _, b := range branches {
		if last := len(merged) - 1; last >= 0 && merged[last].to == b.to {
			merged[last].hi = b.hi
			merged[last].weight += b.weight
		} else {
			merged = append(merged, b)
		}
	}
	return merged
}

// bestSingle gives the branch for which a test for equality should come first,
// or -1 if the branches should be halved instead. Such a test pays where one
// number is a large part of all. Where few are left, asking for one after the
// other is as quick as halving, and shorter if the ranges beside it are one then.
func bestSingle(branches []branch) int {
	const few = 7 // three single numbers and the ranges around them
	joins := func(i int) bool {
		return i > 0 && i < len(branches)-1 && branches[i-1].to == branches[i+1].to
	}
	best, total := -1, 0
	for i, b := range branches {
		total += b.weight
		if b.lo != b.hi {
			continue
		}
		if best < 0 || b.weight > branches[best].weight || b.weight == branches[best].weight && joins(i) && !joins(best) {
			best = i
		}
	}
	if best >= 0 && (4*branches[best].weight >= total || len(branches) <= few && joins(best)) {
		return best
	}
	return -1
}

// middle gives the branch before which the weight is halved best.
func middle(branches []branch) int {
	total := 0
	for _, b := range branches {
		total += b.weight
	}
	best, bestDifference := 1, total
	below := 0
	for i, b := range branches[:len(branches)-1] {
		below += b.weight
		if difference := max(total-2*below, 2*below-total); difference < bestDifference {
			best, bestDifference = i+1, difference
		}
	}
	return best
}
