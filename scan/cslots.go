package scan

// cslots are the words of an image that the loader fills in, with what it may put there.
type cslots struct {
	words map[uint64][]cplace
	may   []uint64 // a bit for the low part of each such address: most that are asked for are none
}

// makeSlots makes room for n words.
func makeSlots(n int) cslots {
	size := 1
	for size*64 < 16*n {
		size *= 2
	}
	return cslots{make(map[uint64][]cplace, n), make([]uint64, size)}
}

// bit returns where the bit for an address is.
func (s *cslots) bit(addr uint64) (i, mask uint64) {
	return addr / 64 & uint64(len(s.may)-1), 1 << (addr % 64)
}

// add notes that the loader may put something into a word.
func (s *cslots) add(addr uint64, to []cplace) {
	i, mask := s.bit(addr)
	s.may[i] |= mask
	s.words[addr] = append(s.words[addr], to...)
}

// at returns what a word may hold, nil if the loader does not fill it in.
func (s *cslots) at(addr uint64) []cplace {
	if i, mask := s.bit(addr); s.may[i]&mask == 0 {
		return nil
	}
	return s.words[addr]
}
