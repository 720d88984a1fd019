// Package gobin reads what a Go executable for Linux says about itself: its
// memory image, its functions with their names and lines, and the ranges of its
// data. It reads what Go 1.17 and later build for amd64 and arm64.
//
// It needs neither section headers nor a symbol table nor function names:
// everything comes from the tables that the runtime itself uses, which
// stripping and renaming leave in place. What is read is not trusted: any file
// costs memory and time in proportion to its own contents at most.
package gobin

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// A File is an opened Go executable. Its methods are safe for use by many
// goroutines; none of them may be called after Close.
type File struct {
	Path      string
	Arch      string           // GOARCH's name
	GoVersion string           // of the toolchain that built it, "go1.26.8"; "" or "unknown" where that was removed
	Entry     uint64           // where the kernel, or the dynamic loader, starts it
	PIE       bool             // position independent: loaded anywhere; addresses are those of a load at 0
	Interp    string           // the dynamic loader that it names, "" where there is none
	Needed    []string         // the shared libraries that it names (DT_NEEDED), in their order
	BuildInfo *debug.BuildInfo // nil where it was removed
	BuildID   string           // the Go build ID, "" where there is none

	Order  binary.ByteOrder
	Module Module // what the runtime's module data says
	Funcs  []Func // every Go function, by address
	pages  []uint32

	unmap    func() error
	segments []segment // by address; none overlaps another
	code     []Range   // the executable sections, where there are section headers
	headers  []Range   // the file's own headers, as far as they are in the image
	relro    []Range   // what the dynamic loader makes read-only after relocating
	pcln     pclntab
	marksAsm bool     // the line table tells which functions are assembly
	symbols  []Symbol // data symbols by address, where the file has them
	reach    []uint64 // how far any of the symbols up to the one of that index extends
}

// A Range is a half-open range of addresses.
type Range struct{ Start, End uint64 }

// Contains reports whether the address lies in the range.
func (r Range) Contains(addr uint64) bool { return r.Start <= addr && addr < r.End }

// ErrNotGo means that a file is not a Go executable for Linux that can be read.
var ErrNotGo = errors.New("not a Go executable")

// damaged returns an error that wraps ErrNotGo.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: damaged or truncated: %s", ErrNotGo, fmt.Sprintf(format, args...))
}

// Open reads a Go executable. The error says what is wrong with the file: it
// wraps ErrNotGo where it is no Go program, an *os.PathError where it cannot
// be read.
func Open(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w: it is not a regular file", path, ErrNotGo)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, err
	}
	f := &File{Path: path}
	if err := f.load(file, info.Size()); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Close releases the file.
func (f *File) Close() error {
	if f.unmap == nil {
		return nil
	}
	unmap := f.unmap
	f.unmap = nil
	return unmap()
}

// load reads the file of that many bytes.
func (f *File) load(r io.ReaderAt, size int64) error {
	e, err := readELF(r, size)
	if err != nil {
		return err
	}
	if err := f.loadImage(e); err != nil {
		return err
	}
	if err := f.loadDynamic(e); err != nil {
		return err
	}
	if err := f.loadBuildInfo(); err != nil {
		return err
	}
	f.BuildID = f.buildID(e)
	if err := f.loadModule(); err != nil {
		return err
	}
	if err := f.loadFuncs(); err != nil {
		return err
	}
	f.loadSymbols(e)
	return nil
}
