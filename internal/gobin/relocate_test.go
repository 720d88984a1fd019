package gobin

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// relative returns the words that relative relocations make addresses, as the
// section with the relocations lists them.
func relative(t *testing.T, file *elf.File) map[uint64]uint64 {
	t.Helper()
	kind := map[elf.Machine]uint32{elf.EM_X86_64: uint32(elf.R_X86_64_RELATIVE), elf.EM_AARCH64: uint32(elf.R_AARCH64_RELATIVE)}[file.Machine]
	out := map[uint64]uint64{}
	for _, s := range file.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		data, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		for ; len(data) >= 24; data = data[24:] {
			if binary.LittleEndian.Uint32(data[8:]) == kind {
				out[binary.LittleEndian.Uint64(data)] = binary.LittleEndian.Uint64(data[16:])
			}
		}
	}
	return out
}

// In a position-independent program the addresses are the words that the
// relocations list, with the values that those have.
func TestWordsAreThoseRelocated(t *testing.T) {
	position := func(v variant) bool { return v.has(pie) }
	forEach(t, position, func(t *testing.T, v variant) {
		f := open(t, v)
		want := relative(t, elfOf(t, f.Path))
		if len(want) < 1000 {
			t.Fatalf("only %d relocations", len(want))
		}
		last := uint64(0)
		for addr, word := range f.Words() {
			if wanted, ok := want[addr]; !ok || word != wanted || addr <= last {
				t.Fatalf("the word at %#x (after %#x) is %#x, its relocation says %#x, %t", addr, last, word, wanted, ok)
			}
			last = addr
			delete(want, addr)
		}
		for addr := range want { // the list of functions, which is not data of the program
			if f.entryTable().Contains(addr) {
				delete(want, addr)
			}
		}
		if len(want) != 0 {
			t.Errorf("%d words that are relocated are left out", len(want))
		}
	})
}

// Go's linker writes what the relocations say into the data as well; others
// leave it to the loader. Reading must not depend on that.
func TestRelocations(t *testing.T) {
	for _, v := range []variant{{flags: pie}, {flags: pie, toolchain: "go1.17.13"}, {flags: pie, env: arm64}} {
		whole := open(t, v)
		data := content(t, whole.Path)
		for addr := range relative(t, elfOf(t, whole.Path)) {
			at := fileOffset(t, whole, addr)
			clear(data[at : at+8])
		}
		path := filepath.Join(t.TempDir(), "erased")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.Pointers(), whole.Pointers()) || !slices.Equal(describe(f), describe(whole)) {
			t.Errorf("%s: pointers or functions differ if the words are left to the loader", v)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if !slices.Equal(content(t, path), data) {
			t.Errorf("%s: reading has changed the file", v)
		}
	}
}

// The bits of packed relocations, by the example of the specification's text:
// an address, a bitmap for the 63 words behind it, and one for the next 63.
func TestPackedRelocations(t *testing.T) {
	f := &File{Order: binary.LittleEndian, segments: []segment{{addr: 0x10000, bytes: make([]byte, 0x1000)}}}
	var table []byte
	for _, entry := range []uint64{0x10000, 1<<1 | 1<<63 | 1, 1<<2 | 1, 0x10800} {
		table = binary.LittleEndian.AppendUint64(table, entry)
	}
	if err := f.applyRelr(nil, table); err != nil {
		t.Fatal(err)
	}
	var got []uint64
	f.segments[0].relocated(f.Order, f.Span(), func(addr, _ uint64) bool {
		got = append(got, addr)
		return true
	})
	if want := []uint64{0x10000, 0x10008, 0x10000 + 8*63, 0x10000 + 8*(64+1), 0x10800}; !slices.Equal(got, want) {
		t.Errorf("the words at %#x, want %#x", got, want)
	}
	for _, entry := range []uint64{0x20000, 0xfff8, 0x10ffa, 0} {
		if err := f.applyRelr(nil, binary.LittleEndian.AppendUint64(nil, entry)); err == nil {
			t.Errorf("a relocation of the word at %#x is accepted", entry)
		}
	}
}
