package gobin

import (
	"bytes"
	"debug/elf"
	"os"
	"testing"
)

// load reads a file that is in memory.
func load(data []byte) error {
	f := &File{}
	defer f.Close()
	return f.load(bytes.NewReader(data), int64(len(data)))
}

// elfOf opens a file with the standard library's reader.
func elfOf(t testing.TB, path string) *elf.File {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// content returns the bytes of a file.
func content(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fileOffset returns where in the file the byte at an address is.
func fileOffset(t testing.TB, f *File, addr uint64) uint64 {
	t.Helper()
	for _, p := range elfOf(t, f.Path).Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz {
			return p.Off + addr - p.Vaddr
		}
	}
	t.Fatalf("%#x is not in the file", addr)
	return 0
}

// partAddr returns the address of a part of the line table.
func (f *File) partAddr(name string) uint64 {
	for i, part := range []string{"names", "units", "files", "values", "functions"} {
		if part == name {
			addr, _ := f.Word(f.Module.Addr + 8*uint64(mdParts+3*i))
			return addr
		}
	}
	panic("there is no part " + name)
}
