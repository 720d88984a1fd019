// Package namehash is the hash by which package syscalls finds a call by its
// name. The generator that lays the tables out and the look-up must agree on it.
package namehash

// Slots is how many slots the index of a table has: more than twice as many as
// any table has calls, so that few names share one.
const Slots = 1024

// Of gives the slot at which the search for a name begins (FNV-1a, folded).
func Of(name string) uint32 {
	h := uint32(2166136261)
	for i := range len(name) {
		h = (h ^ uint32(name[i])) * 16777619
	}
	return (h ^ h>>16) % Slots
}
