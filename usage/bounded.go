package usage

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"
)

// A bounded is a set of at most so many things: those whose names have the
// smallest hashes. A thing that was left out would be left out again, so what is
// in the set in the end was in it from its first time on, and what was added up
// for it is complete.
type bounded[T any] struct {
	most  int
	items []item[T] // sorted
}

type item[T any] struct {
	hash uint64
	name string
	is   T
}

// add adds a thing, or lets unite add it to the one of its name. It returns what
// is left out, if anything.
func (b *bounded[T]) add(name string, is T, unite func(*T)) (out *T) {
	h := fnv.New64a()
	h.Write([]byte(name))
	next := item[T]{h.Sum64(), name, is}
	i, found := slices.BinarySearchFunc(b.items, next, func(x, y item[T]) int {
		return cmp.Or(cmp.Compare(x.hash, y.hash), strings.Compare(x.name, y.name))
	})
	switch {
	case found:
		if unite != nil {
			unite(&b.items[i].is)
		}
		return nil
	case i == b.most:
		return &is
	}
	if len(b.items) == b.most {
		last := b.items[b.most-1].is
		b.items, out = slices.Delete(b.items, b.most-1, b.most), &last
	}
	b.items = slices.Insert(b.items, i, next)
	return out
}

// list returns the things in the order of their names.
func (b *bounded[T]) list() []T {
	items := slices.Clone(b.items)
	slices.SortFunc(items, func(x, y item[T]) int { return strings.Compare(x.name, y.name) })
	all := make([]T, len(items))
	for i := range items {
		all[i] = items[i].is
	}
	return all
}
