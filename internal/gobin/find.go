package gobin

// pageSize is how much of the text one entry of File.pages is for: few functions
// start in that much.
const pageSize = 512

// indexFuncs notes for each page of the text the function that its first byte
// is in, or the next one.
func (f *File) indexFuncs() {
	text := f.Module.Text
	f.pages = make([]uint32, (text.End-text.Start)/pageSize+1)
	fn := 0
	for i := range f.pages {
		start := text.Start + uint64(i)*pageSize
		for fn < len(f.Funcs) && f.Funcs[fn].End <= start {
			fn++
		}
		f.pages[i] = uint32(fn)
	}
}

// FuncAt returns the index of the function that contains the address, or -1.
func (f *File) FuncAt(addr uint64) int {
	text := f.Module.Text
	if addr < text.Start || addr-text.Start >= uint64(len(f.pages))*pageSize {
		return -1
	}
	i := int(f.pages[(addr-text.Start)/pageSize])
	for i < len(f.Funcs) && f.Funcs[i].End <= addr {
		i++
	}
	if i == len(f.Funcs) || addr < f.Funcs[i].Entry {
		return -1
	}
	return i
}

// FuncWithEntry returns the index of the function that starts at the address.
func (f *File) FuncWithEntry(addr uint64) (int, bool) {
	i := f.FuncAt(addr)
	return i, i >= 0 && f.Funcs[i].Entry == addr
}
