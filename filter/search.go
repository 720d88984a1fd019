package filter

// A branch says what happens for a range of numbers.
type branch struct {
	lo, hi uint32
	to     label
	weight int64 // how often, compared with the others, the number is in the range
	apart  bool  // it is to be found by itself, whatever its neighbours lead to
}

// branches is a list of branches that is being made, in order.
type branches struct {
	all  []branch
	next uint64 // the first number that is in none of them
	join bool   // with pass join, neighbours with the same answer are one right away
}

func (l *branches) add(b branch) {
	l.next = uint64(b.hi) + 1
	if last := len(l.all) - 1; l.join && last >= 0 && l.all[last].joins(&b) {
		l.all[last].hi = b.hi
		l.all[last].weight += b.weight
		return
	}
	l.all = append(l.all, b)
}

// fill adds where the numbers up to a limit lead that are in no branch yet.
func (l *branches) fill(limit uint64, to label, weight int64) {
	if l.next < limit {
		l.add(branch{lo: uint32(l.next), hi: uint32(limit - 1), to: to, weight: weight})
	}
}

// joins reports whether neighbours are one branch: they lead to the same label.
func (b *branch) joins(c *branch) bool { return b.to == c.to && !b.apart && !c.apart }

// search writes a search for the branch that A, which holds the word on, is in.
// Branches are in order, do not overlap and, with pass join, are not to be joined;
// numbers in none of them do not come. The list is used up.
//
// The result is a binary tree. With pass weigh it is balanced by weight, so that
// what is more frequent takes fewer steps, and numbers that stand alone are
// compared for equality, which takes one step where a range takes two.
func (a *assembler) search(on word, list []branch) label {
	if len(list) == 1 {
		return a.write(list[0].to)
	}
	if a.passes&passWeigh == 0 {
		return a.split(on, list, len(list)/2)
	}
	if i := bestSingle(list); i >= 0 {
		single := list[i]
		no := a.search(on, a.remove(list, i))
		return a.compare(on, jumpEqual, single.lo, a.write(single.to), no)
	}
	return a.split(on, list, middle(list))
}

// split writes a comparison that halves the list before the branch i.
func (a *assembler) split(on word, list []branch, i int) label {
	limit := list[i].lo
	high := a.search(on, list[i:])
	low := a.search(on, list[:i])
	return a.compare(on, jumpAtLeast, limit, high, low)
}

// remove takes a branch out of a list. Its neighbours may be one then: the number
// between them does not come any more.
func (a *assembler) remove(list []branch, i int) []branch {
	rest := i + 1
	if a.passes&passJoin != 0 && i > 0 && rest < len(list) && list[i-1].joins(&list[rest]) {
		list[i-1].hi = list[rest].hi
		list[i-1].weight += list[rest].weight
		rest++
	}
	return append(list[:i], list[rest:]...)
}

// bestSingle gives the branch for which a test for equality should come first,
// or -1 if the branches should be halved instead. Such a test pays where one
// number is a large part of all: where none is a quarter, halving is best, by
// Anderson, Kannan, Karloff and Ladner, "Thresholds and optimal binary comparison
// search trees" (2002). Where few branches are left, asking for one after the
// other is as quick as halving, and shorter if the ranges beside it are one then.
func bestSingle(list []branch) int {
	const few = 7 // three single numbers and the ranges around them
	joins := func(i int) bool {
		return i > 0 && i < len(list)-1 && list[i-1].to == list[i+1].to
	}
	best, total := -1, int64(0)
	for i := range list {
		b := &list[i]
		total += b.weight
		if b.lo != b.hi {
			continue
		}
		if best < 0 || b.weight > list[best].weight || b.weight == list[best].weight && len(list) <= few && joins(i) && !joins(best) {
			best = i
		}
	}
	if best >= 0 && (4*list[best].weight >= total || len(list) <= few && joins(best)) {
		return best
	}
	return -1
}

// middle gives the branch before which the weight is halved best.
func middle(list []branch) int {
	total := int64(0)
	for i := range list {
		total += list[i].weight
	}
	best, bestDifference := 1, total
	below := int64(0)
	for i := range list[:len(list)-1] {
		below += list[i].weight
		if difference := max(total-2*below, 2*below-total); difference < bestDifference {
			best, bestDifference = i+1, difference
		}
	}
	return best
}
