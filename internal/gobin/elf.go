package gobin

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
)

// The ELF headers are read here and not by debug/elf, which reads whatever
// size a section claims, and a name's every byte for each of its users: a file
// of some megabytes can make it fill the memory. (elf(5) has the layout.)
const (
	ehdrSize = 64
	phdrSize = 56
	shdrSize = 64
	symSize  = 24
	dynSize  = 16
	relaSize = 24

	// maxPhdrs is how many program headers Linux accepts: 64 KiB
	// (load_elf_phdrs in fs/binfmt_elf.c).
	maxPhdrs = 65536 / phdrSize
)

// An elfFile holds the headers of an executable.
type elfFile struct {
	r    io.ReaderAt
	size uint64 // of the file

	typ          elf.Type
	machine      elf.Machine
	entry        uint64
	phoff, shoff uint64
	phnum, shnum int
	progs        []prog
	sections     []section
}

// A prog is a program header.
type prog struct {
	typ                             elf.ProgType
	flags                           elf.ProgFlag
	off, addr, fileSize, memorySize uint64
}

// A section is a section header without its name.
type section struct {
	typ             elf.SectionType
	flags           elf.SectionFlag
	addr, off, size uint64
	link            uint32
}

// readELF reads and checks the headers.
func readELF(r io.ReaderAt, size int64) (*elfFile, error) {
	e := &elfFile{r: r, size: uint64(size)}
	var ident [20]byte
	n, err := r.ReadAt(ident[:], 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if n < 4 || string(ident[:4]) != elf.ELFMAG {
		return nil, fmt.Errorf("%w: it does not start with an ELF header", ErrNotGo)
	}
	if err := e.readHeader(ident); err != nil {
		return nil, err
	}
	if err := e.readProgs(); err != nil {
		return nil, err
	}
	return e, e.readSections()
}

// bytes returns n bytes of the file at an offset.
func (e *elfFile) bytes(off, n uint64, what string) ([]byte, error) {
	if off > e.size || n > e.size-off {
		return nil, damaged("%s would end at byte %#x of %#x", what, off+n, e.size)
	}
	b := make([]byte, n)
	return b, e.readInto(b, off, what)
}

// readInto fills b from the file. One that is cut short meanwhile is damaged.
func (e *elfFile) readInto(b []byte, off uint64, what string) error {
	_, err := e.r.ReadAt(b, int64(off))
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return damaged("the file ends within %s", what)
	}
	return err
}

func (e *elfFile) readHeader(ident [20]byte) error {
	order := binary.ByteOrder(binary.LittleEndian)
	if elf.Data(ident[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	if e.size < ehdrSize {
		return damaged("it has %d bytes", e.size)
	}
	e.machine = elf.Machine(order.Uint16(ident[18:]))
	if e.machine != elf.EM_X86_64 && e.machine != elf.EM_AARCH64 {
		return fmt.Errorf("%w that can be analysed: it is for %s, and only amd64 and arm64 are supported", ErrNotGo, e.machine)
	}
	if elf.Class(ident[elf.EI_CLASS]) != elf.ELFCLASS64 || elf.Data(ident[elf.EI_DATA]) != elf.ELFDATA2LSB {
		return fmt.Errorf("%w: it is an ELF file of %s and %s, not of 64 bits and little-endian", ErrNotGo, elf.Class(ident[elf.EI_CLASS]), elf.Data(ident[elf.EI_DATA]))
	}
	e.typ = elf.Type(order.Uint16(ident[16:]))
	if e.typ != elf.ET_EXEC && e.typ != elf.ET_DYN {
		return fmt.Errorf("%w: it is an ELF file of type %s, not a program", ErrNotGo, e.typ)
	}
	if abi := elf.OSABI(ident[elf.EI_OSABI]); abi != elf.ELFOSABI_NONE && abi != elf.ELFOSABI_LINUX {
		return fmt.Errorf("%w for Linux: it is for another system (%s)", ErrNotGo, abi)
	}
	h, err := e.bytes(0, ehdrSize, "its header")
	if err != nil {
		return err
	}
	e.entry, e.phoff, e.shoff = order.Uint64(h[24:]), order.Uint64(h[32:]), order.Uint64(h[40:])
	e.phnum, e.shnum = int(order.Uint16(h[56:])), int(order.Uint16(h[60:]))
	if n := order.Uint16(h[54:]); n != phdrSize || e.phnum > maxPhdrs {
		return damaged("it has %d program headers of %d bytes, which Linux does not accept", e.phnum, n)
	}
	if n := order.Uint16(h[58:]); e.shnum == 0 || n != shdrSize {
		e.shoff, e.shnum = 0, 0
	}
	return nil
}

func (e *elfFile) readProgs() error {
	b, err := e.bytes(e.phoff, uint64(e.phnum)*phdrSize, "the table of program headers")
	if err != nil {
		return err
	}
	order := binary.LittleEndian
	for ; len(b) > 0; b = b[phdrSize:] {
		e.progs = append(e.progs, prog{
			typ: elf.ProgType(order.Uint32(b)), flags: elf.ProgFlag(order.Uint32(b[4:])),
			off: order.Uint64(b[8:]), addr: order.Uint64(b[16:]),
			fileSize: order.Uint64(b[32:]), memorySize: order.Uint64(b[40:]),
		})
	}
	return nil
}

func (e *elfFile) readSections() error {
	if e.shoff == 0 {
		return e.findSections()
	}
	b, err := e.bytes(e.shoff, uint64(e.shnum)*shdrSize, "the table of section headers")
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[shdrSize:] {
		e.sections = append(e.sections, sectionOf(b))
	}
	return nil
}

func sectionOf(b []byte) section {
	order := binary.LittleEndian
	return section{
		typ: elf.SectionType(order.Uint32(b[4:])), flags: elf.SectionFlag(order.Uint64(b[8:])),
		addr: order.Uint64(b[16:]), off: order.Uint64(b[24:]), size: order.Uint64(b[32:]),
		link: order.Uint32(b[40:]),
	}
}

// findSections finds the section headers that the file's header does not name
// any more: Go's linker puts them behind the program headers, into the segment
// of the code. They are not used, but must not be taken for code.
func (e *elfFile) findSections() error {
	at, most := e.phoff+uint64(e.phnum)*phdrSize, 1000
	b := make([]byte, shdrSize)
	for n := 0; n < most && at+uint64(n+1)*shdrSize <= e.size; n++ {
		if err := e.readInto(b, at+uint64(n)*shdrSize, "the section headers"); err != nil {
			return err
		}
		s := sectionOf(b)
		align, entry := binary.LittleEndian.Uint64(b[48:]), binary.LittleEndian.Uint64(b[56:])
		first := s == section{} && align == 0 // the first one is empty
		other := s.typ != elf.SHT_NULL && align != 0 && align&(align-1) == 0 && align <= 1<<20 &&
			entry <= shdrSize && (s.off < e.size || s.typ == elf.SHT_NOBITS)
		if n == 0 && !first || n > 0 && !other {
			break
		}
		e.shoff, e.shnum = at, n+1
	}
	return nil
}
