package gobin

// entryTable returns where the line table has its list of functions, with their
// records. It holds their addresses up to Go 1.17, and since then nothing but
// numbers, of which some look like addresses. Nothing but the runtime's look-up by
// address reads it.
func (f *File) entryTable() Range {
	t := &f.pcln
	header, parts, ok := f.readHeader(t.addr)
	if !ok {
		return Range{}
	}
	start := header.addr + parts[len(parts)-1]
	return Range{start, start + uint64(len(t.funcs))}
}
