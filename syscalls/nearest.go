package syscalls

import "strings"

// Nearest gives the name in the table that was most likely meant, for an error
// message: "read" for "reed", "SYS_READ" or "Read", and "newfstatat" for
// "fstatat". It is empty when no name is near. Near means one edit for each three
// letters begun, three at most: a letter added, removed or changed, or two
// neighbours swapped.
//
// A name that exists on other architectures is better answered by Architectures.
func (t *Table) Nearest(name string) string {
	name = lower(name)
	for _, prefix := range []string{"sys_", "__nr_"} {
		name = strings.TrimPrefix(name, prefix)
	}
	limit := min((len(name)+2)/3, 3)
	best, bestRank := "", rank{}
	for i := range t.calls {
		known := t.calls[i].Name
		if diff := len(known) - len(name); diff > limit || -diff > limit {
			continue
		}
		r := rank{strings.Contains(known, name), editDistance(name, known), commonPrefix(name, known)}
		if r.distance <= limit && (best == "" || r.nearer(bestRank) || r == bestRank && known < best) {
			best, bestRank = known, r
		}
	}
	return best
}

// lower is strings.ToLower for what names are made of. That has all of Unicode,
// which is much to link for an error message.
func lower(name string) string {
	letters := []byte(name)
	for i, c := range letters {
		if 'A' <= c && c <= 'Z' {
			letters[i] = c - 'A' + 'a'
		}
	}
	return string(letters)
}

// A rank says how likely one name is meant by another.
type rank struct {
	whole    bool // the one is part of the other: fstatat, newfstatat
	distance int  // edits
	prefix   int  // letters that they begin with alike
}

func (r rank) nearer(than rank) bool {
	if r.whole != than.whole {
		return r.whole
	}
	if r.distance != than.distance {
		return r.distance < than.distance
	}
	return r.prefix > than.prefix
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// editDistance is the optimal string alignment distance: Levenshtein's, with a
// swap of neighbours as one edit.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
