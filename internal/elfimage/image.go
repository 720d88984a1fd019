// Package elfimage reads executables and shared libraries as the dynamic loader
// does: what they need, where it finds that, which symbols they give and want,
// and what their relocations make of their words. Functions are found by the
// tables for unwinding, which stripping leaves in place.
//
// What is read is not trusted: damaged files are errors, and cost memory and
// time in proportion to their size.
package elfimage

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"sync"
)

// An Image is one file, at the addresses that it names itself.
type Image struct {
	Path    string // on the machine, or under the sysroot, that it is for
	Name    string // DT_SONAME, or the path where there is none
	Machine elf.Machine
	PIC     bool // it can be loaded anywhere: only relocations make addresses
	Entry   uint64
	Interp  string
	Needed  []string
	RPath   string
	RunPath string
	Instead *Image // the image that this one stands for on some processors, nil if it is for all

	Symbols []Symbol // of the dynamic table, by number; the first is none
	Relocs  []Reloc
	Funcs   []Func  // all code, cut into functions, by address
	Inits   []Range // the lists of constructors (DT_INIT_ARRAY, DT_PREINIT_ARRAY)
	Finis   []Range // and of what is called at the end (DT_FINI_ARRAY)
	Init    uint64  // DT_INIT, 0 where there is none
	Fini    uint64  // DT_FINI, likewise
	TLS     Range   // what each thread's own variables begin as
	Copied  []int   // the numbers of the symbols whose objects the loader copies into the image

	Handlers []Handler // that the tables for unwinding name

	data     []byte
	sum      func() [sha256.Size]byte
	notes    []byte
	segments []segment
	tags     map[elf.DynTag]uint64

	threadWords map[uint64]uint64
	threadsElse bool // there are other ways to threads' variables

	exec    []Range
	tables  map[uint64]uint64 // of landing pads, by the functions that have them
	relro   Range             // what nobody writes to any more once the loader is done
	exports map[string][]int  // the numbers of the symbols that it defines, by name
}

// A segment is a piece of memory.
type segment struct {
	Range
	bytes []byte // from the file; zeros follow
	exec  bool
	write bool
}

// A Range is a half-open range of addresses.
type Range struct{ Start, End uint64 }

// Contains reports whether the address lies in the range.
func (r Range) Contains(addr uint64) bool { return r.Start <= addr && addr < r.End }

// ErrDamaged means that a file cannot be read as an ELF image.
var ErrDamaged = errors.New("damaged or not an ELF file of 64 bits")

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// maxFile is many times what libraries take.
const maxFile = 1 << 30

// Open reads the file at path, which is called name on the machine it is for.
func Open(path, name string) (*Image, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	im, err := Read(data, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return im, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("%s is not a regular file of at most %d bytes", path, maxFile)
	}
	return os.ReadFile(path)
}

// Read reads a file's content.
func Read(data []byte, name string) (*Image, error) {
	im := &Image{Path: name, Name: name, data: data, tags: map[elf.DynTag]uint64{}, threadWords: map[uint64]uint64{}}
	for _, step := range []func() error{im.readHeader, im.readDynamic, im.readSymbols, im.readRelocs} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	im.sum = sync.OnceValue(func() [sha256.Size]byte { return sha256.Sum256(data) })
	im.findCode()
	im.findFuncs()
	return im, nil
}

var order = binary.LittleEndian

// file returns n bytes of the file, nil where it does not have them.
func (im *Image) file(off, n uint64) []byte {
	if off > uint64(len(im.data)) || n > uint64(len(im.data))-off {
		return nil
	}
	return im.data[off : off+n]
}

func (im *Image) readHeader() error {
	h := im.file(0, 64)
	if h == nil || string(h[:6]) != elf.ELFMAG+"\x02\x01" {
		return damaged("it has no such header")
	}
	typ := elf.Type(order.Uint16(h[16:]))
	if typ != elf.ET_EXEC && typ != elf.ET_DYN {
		return damaged("it is of type %s", typ)
	}
	im.Machine, im.PIC, im.Entry = elf.Machine(order.Uint16(h[18:])), typ == elf.ET_DYN, order.Uint64(h[24:])
	const size = 56
	table := im.file(order.Uint64(h[32:]), uint64(order.Uint16(h[56:]))*size)
	if table == nil || order.Uint16(h[54:]) != size {
		return damaged("its program headers are not in the file")
	}
	for ; len(table) > 0; table = table[size:] {
		if err := im.program(table[:size]); err != nil {
			return err
		}
	}
	sort.Slice(im.segments, func(i, k int) bool { return im.segments[i].Start < im.segments[k].Start })
	for i := 1; i < len(im.segments); i++ {
		if im.segments[i].Start < im.segments[i-1].End {
			return damaged("its segments overlap")
		}
	}
	return nil
}

// program reads one program header.
func (im *Image) program(b []byte) error {
	off, addr, size, memory := order.Uint64(b[8:]), order.Uint64(b[16:]), order.Uint64(b[32:]), order.Uint64(b[40:])
	body, flags := im.file(off, size), elf.ProgFlag(order.Uint32(b[4:]))
	switch elf.ProgType(order.Uint32(b)) {
	case elf.PT_LOAD:
		if body == nil || memory < size || addr+memory < addr {
			return damaged("the segment at %#x is not in the file", addr)
		}
		if memory > 0 {
			im.segments = append(im.segments, segment{Range{addr, addr + memory}, body, flags&elf.PF_X != 0, flags&elf.PF_W != 0})
		}
	case elf.PT_INTERP:
		im.Interp = text(body, 0)
	case elf.PT_DYNAMIC:
		im.tags[elf.DT_NULL] = addr // where the table is
	case elf.PT_NOTE:
		im.notes = append(im.notes, body...)
	case elf.PT_TLS:
		im.TLS = Range{addr, addr + size}
	case elf.PT_GNU_RELRO:
		im.relro = Range{addr, addr + memory}
	case elf.PT_GNU_EH_FRAME:
		im.tags[ehFrame] = addr
	}
	return nil
}

// ehFrame stands for the table for unwinding among the tags.
const ehFrame elf.DynTag = -1

// at returns the segment that contains an address, nil if there is none.
func (im *Image) at(addr uint64) *segment {
	i := sort.Search(len(im.segments), func(i int) bool { return im.segments[i].End > addr })
	if i == len(im.segments) || addr < im.segments[i].Start {
		return nil
	}
	return &im.segments[i]
}

// From returns the bytes of the file that are in memory from addr on.
func (im *Image) From(addr uint64) []byte {
	s := im.at(addr)
	if s == nil || addr-s.Start >= uint64(len(s.bytes)) {
		return nil
	}
	return s.bytes[addr-s.Start:]
}

// Bytes returns n bytes at addr, nil where the file does not have them.
func (im *Image) Bytes(addr, n uint64) []byte {
	b := im.From(addr)
	if uint64(len(b)) < n {
		return nil
	}
	return b[:n]
}

// Segments yields what is loaded from the file.
func (im *Image) Segments(yield func(addr uint64, b []byte) bool) {
	for _, s := range im.segments {
		if !yield(s.Start, s.bytes) {
			return
		}
	}
}

// Constant returns n bytes at addr that the program cannot write to, nil where
// there are none such.
func (im *Image) Constant(addr, n uint64) []byte {
	if s := im.at(addr); s == nil || s.write {
		return nil
	}
	return im.Bytes(addr, n)
}

// Fixed reports whether what is at an address never changes once the loader is done.
func (im *Image) Fixed(addr uint64) bool {
	s := im.at(addr)
	return s != nil && (!s.write || im.relro.Contains(addr))
}

// Text returns the string at an address, if there is one that never changes.
func (im *Image) Text(addr uint64) (string, bool) {
	const most = 4096
	b := im.From(addr)
	i := bytes.IndexByte(b[:min(len(b), most)], 0)
	if i < 0 || !im.Fixed(addr) {
		return "", false
	}
	return string(b[:i]), true
}

// Span returns the range from the first byte to the last.
func (im *Image) Span() Range {
	if len(im.segments) == 0 {
		return Range{}
	}
	return Range{im.segments[0].Start, im.segments[len(im.segments)-1].End}
}

// text returns the string at an offset, up to the zero byte.
func text(b []byte, off uint64) string {
	if off >= uint64(len(b)) {
		return ""
	}
	b = b[off:]
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return ""
}

func (im *Image) readDynamic() error {
	at := im.tags[elf.DT_NULL]
	if at == 0 {
		return nil // static
	}
	delete(im.tags, elf.DT_NULL)
	var needed []uint64
	for b := im.From(at); len(b) >= 16; b = b[16:] {
		tag, value := elf.DynTag(order.Uint64(b)), order.Uint64(b[8:])
		if tag == elf.DT_NULL {
			break
		}
		if tag == elf.DT_NEEDED {
			needed = append(needed, value)
		} else if tag > 0 {
			im.tags[tag] = value
		}
	}
	for tag, what := range unfollowed {
		if im.tags[tag] != 0 {
			return fmt.Errorf("it has the loader load other files by %s, which is not followed", what)
		}
	}
	if _, has := im.tags[elf.DT_TEXTREL]; has || elf.DynFlag(im.tags[elf.DT_FLAGS])&elf.DF_TEXTREL != 0 {
		return errors.New("the loader writes addresses into its code (DT_TEXTREL), which is not followed")
	}
	for _, off := range needed {
		im.Needed = append(im.Needed, im.string(off))
	}
	if im.tags[elf.DT_SONAME] != 0 {
		im.Name = im.string(im.tags[elf.DT_SONAME])
	}
	im.RPath, im.RunPath = im.string(im.tags[elf.DT_RPATH]), im.string(im.tags[elf.DT_RUNPATH])
	im.Init, im.Fini = im.tags[elf.DT_INIT], im.tags[elf.DT_FINI]
	im.Inits = slices.Concat(im.list(elf.DT_INIT_ARRAY, elf.DT_INIT_ARRAYSZ), im.list(elf.DT_PREINIT_ARRAY, elf.DT_PREINIT_ARRAYSZ))
	im.Finis = im.list(elf.DT_FINI_ARRAY, elf.DT_FINI_ARRAYSZ)
	return nil
}

// unfollowed are the entries of the dynamic table that bring in other files than
// libraries that are needed.
var unfollowed = map[elf.DynTag]string{
	elf.DT_AUXILIARY: "DT_AUXILIARY", elf.DT_FILTER: "DT_FILTER", elf.DT_AUDIT: "DT_AUDIT", elf.DT_DEPAUDIT: "DT_DEPAUDIT",
}

// list returns the range that two entries of the dynamic table give, if they are there.
func (im *Image) list(at, bytes elf.DynTag) []Range {
	start, size := im.tags[at], im.tags[bytes]
	if size == 0 || start+size < start {
		return nil
	}
	return []Range{{start, start + size}}
}

// string returns a string of the dynamic table.
func (im *Image) string(off uint64) string {
	if off == 0 {
		return ""
	}
	return text(im.From(im.tags[elf.DT_STRTAB]), off)
}

// Sum returns the SHA-256 of the file.
func (im *Image) Sum() [sha256.Size]byte { return im.sum() }

// BuildID returns the build ID that the linker gave the file, in hex, "" where
// there is none.
func (im *Image) BuildID() string {
	const buildID = 3 // NT_GNU_BUILD_ID
	for b := im.notes; len(b) >= 12; {
		name, size := uint64(order.Uint32(b)+3)&^3, uint64(order.Uint32(b[4:]))
		rest := b[12:]
		if name+size > uint64(len(rest)) {
			return ""
		}
		if order.Uint32(b[8:]) == buildID && string(rest[:min(4, name)]) == "GNU\x00" {
			return fmt.Sprintf("%x", rest[name:name+size])
		}
		next := name + (size+3)&^3
		if next > uint64(len(rest)) {
			return ""
		}
		b = rest[next:]
	}
	return ""
}

// Mentions reports whether the file has some text anywhere.
func (im *Image) Mentions(s string) bool { return bytes.Contains(im.data, []byte(s)) }

// TextWith returns the string in the file that has an ending, if there is one.
func (im *Image) TextWith(ending string) (string, bool) {
	i := bytes.Index(im.data, []byte(ending+"\x00"))
	if i < 0 {
		return "", false
	}
	return string(im.data[bytes.LastIndexByte(im.data[:i], 0)+1:i]) + ending, true
}

// FindText returns where in memory a string is.
func (im *Image) FindText(s string) []uint64 {
	var out []uint64
	pattern := []byte("\x00" + s + "\x00")
	for _, g := range im.segments {
		if i := bytes.Index(g.bytes, pattern); i >= 0 {
			out = append(out, g.Start+uint64(i)+1)
		}
	}
	return out
}

// Holds reports whether the file has a string anywhere.
func (im *Image) Holds(s string) bool { return bytes.Contains(im.data, []byte(s+"\x00")) }
