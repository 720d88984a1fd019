package gobin

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// A segment is a piece of the memory image that comes from the file.
type segment struct {
	addr  uint64
	bytes []byte
	exec  bool
	write bool
	zero  uint64 // bytes after those that start as zero

	// pointers has a bit for each aligned word of bytes that a relocation makes
	// an address; nil where none does.
	pointers []uint64
}

// end returns the address behind the segment.
func (s *segment) end() uint64 { return s.addr + uint64(len(s.bytes)) + s.zero }

// maxImage is more than Go's linker makes: it refuses sections of 2e9 bytes
// (cmd/link/internal/ld/data.go), and amd64's calls reach as far.
const maxImage = math.MaxInt32

// loadImage copies the segments into memory. They are not mapped: a file that is
// cut short under a mapping kills the process that reads it, and relocating
// changes the copy. Of a large program's file a third is debugging information,
// which is left out.
func (f *File) loadImage(e *elfFile) error {
	f.Order, f.Entry, f.PIE = binary.LittleEndian, e.entry, e.typ == elf.ET_DYN
	f.Arch = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[e.machine]
	loads, total, err := e.loads()
	if err != nil {
		return err
	}
	memory, unmap, err := allocate(total)
	if err != nil {
		return fmt.Errorf("%d bytes of memory for its segments: %w", total, err)
	}
	f.unmap = unmap
	for _, p := range loads {
		body := memory[:p.fileSize:p.fileSize]
		memory = memory[p.fileSize:]
		if err := e.copyInto(body, p.off); err != nil {
			return err
		}
		f.segments = append(f.segments, segment{
			addr: p.addr, bytes: body, zero: p.memorySize - p.fileSize,
			exec: p.flags&elf.PF_X != 0, write: p.flags&elf.PF_W != 0,
		})
	}
	for _, p := range e.progs {
		switch p.typ {
		case elf.PT_INTERP:
			const longest = 4096 // PATH_MAX, which Linux holds it to
			name, err := e.bytes(p.off, min(p.fileSize, longest), "the dynamic loader's name")
			if err != nil {
				return err
			}
			f.Interp = string(bytes.TrimRight(name, "\x00"))
		case elf.PT_GNU_RELRO:
			f.relro = append(f.relro, Range{p.addr, p.addr + p.memorySize})
		}
	}
	f.locateHeaders(e, loads)
	f.locateCode(e)
	return nil
}

// loads returns the segments to load, by address, and how much of the file they
// take together.
func (e *elfFile) loads() (loads []prog, total uint64, err error) {
	for _, p := range e.progs {
		if p.typ != elf.PT_LOAD || p.memorySize == 0 && p.fileSize == 0 {
			continue
		}
		if p.off > e.size || p.fileSize > e.size-p.off {
			return nil, 0, fmt.Errorf("%w: truncated: a segment ends at byte %#x of %#x", ErrNotGo, p.off+p.fileSize, e.size)
		}
		if p.memorySize < p.fileSize || p.addr+p.memorySize < p.addr {
			return nil, 0, damaged("the segment at %#x has impossible sizes", p.addr)
		}
		if total += p.fileSize; total > e.size || total > maxImage {
			return nil, 0, damaged("its segments take more than the whole file, or more than %d bytes", maxImage)
		}
		loads = append(loads, p)
	}
	if total == 0 {
		return nil, 0, fmt.Errorf("%w: it has no segment to load", ErrNotGo)
	}
	slices.SortFunc(loads, func(a, b prog) int { return cmp.Compare(a.addr, b.addr) })
	for i, p := range loads[1:] {
		if before := &loads[i]; p.addr < before.addr+before.memorySize {
			return nil, 0, damaged("the segments at %#x and %#x overlap", before.addr, p.addr)
		}
	}
	return loads, total, nil
}

// copyInto reads a segment into untouched memory. Zeros are not written: a
// sparse file of gigabytes takes no memory.
func (e *elfFile) copyInto(b []byte, off uint64) error {
	const chunk = 128 << 10
	var buf, zeros [chunk]byte
	for len(b) > 0 {
		n := min(len(b), chunk)
		if err := e.readInto(buf[:n], off, "a segment"); err != nil {
			return err
		}
		if !bytes.Equal(buf[:n], zeros[:n]) {
			copy(b, buf[:n])
		}
		b, off = b[n:], off+uint64(n)
	}
	return nil
}

// locateHeaders notes where the image holds what the kernel and the loader read
// and the program does not: the file's headers and notes.
func (f *File) locateHeaders(e *elfFile, loads []prog) {
	parts := []Range{{0, ehdrSize}, {e.phoff, e.phoff + uint64(e.phnum)*phdrSize}, {e.shoff, e.shoff + uint64(e.shnum)*shdrSize}}
	for _, part := range parts {
		for _, p := range loads {
			if p.off <= part.Start && part.End <= p.off+p.fileSize {
				f.headers = append(f.headers, Range{part.Start - p.off + p.addr, part.End - p.off + p.addr})
			}
		}
	}
	for _, p := range e.progs {
		if p.typ == elf.PT_INTERP {
			f.headers = append(f.headers, Range{p.addr, p.addr + p.fileSize})
		}
	}
	for _, n := range f.notes(e) {
		f.headers = append(f.headers, n.at)
	}
	f.headers = union(f.headers)
}

// locateCode notes the executable sections, as far as they are in executable segments.
func (f *File) locateCode(e *elfFile) {
	const wanted = elf.SHF_EXECINSTR | elf.SHF_ALLOC
	for _, s := range e.sections {
		if s.typ != elf.SHT_PROGBITS || s.flags&wanted != wanted || s.addr+s.size < s.addr {
			continue
		}
		for i := range f.segments {
			if g := &f.segments[i]; g.exec {
				start, end := max(s.addr, g.addr), min(s.addr+s.size, g.addr+uint64(len(g.bytes)))
				if start < end {
					f.code = append(f.code, Range{start, end})
				}
			}
		}
	}
	f.code = union(f.code)
}

// union sorts ranges and merges those that touch.
func union(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	var out []Range
	for _, r := range ranges {
		if n := len(out); n > 0 && r.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, r.End)
		} else {
			out = append(out, r)
		}
	}
	return out
}

// without returns what of a range none of the others covers. Those are in order.
func without(r Range, others []Range) []Range {
	var out []Range
	for _, o := range others {
		if o.End <= r.Start || o.Start >= r.End {
			continue
		}
		if r.Start < o.Start {
			out = append(out, Range{r.Start, o.Start})
		}
		r.Start = o.End
	}
	if r.Start < r.End {
		out = append(out, r)
	}
	return out
}
