package gobin

// entryTable returns where the line table has its list of functions, if it holds
// their addresses as they are (up to Go 1.17), else an empty range. Nothing but
// the runtime's look-up by address reads it.
func (f *File) entryTable() Range {
	t := &f.pcln
	if !t.absolute {
		return Range{}
	}
	header, parts, ok := f.readHeader(t.addr)
	if !ok {
		return Range{}
	}
	start := header.addr + parts[len(parts)-1]
	return Range{start, start + uint64(len(t.funcs))}
}
