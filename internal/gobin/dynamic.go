package gobin

import (
	"debug/elf"
	"fmt"
	"slices"
)

// A dynamic holds the entries of the dynamic section that matter, and where it
// lists the shared libraries. It is found by its program header: section headers
// may be gone.
type dynamic struct {
	tags   map[elf.DynTag]uint64
	needed []uint64 // offsets in the table of strings
}

// Tags that debug/elf does not know (gABI, "RELR Relative Relocation Entries").
const (
	dtRELRSZ elf.DynTag = 35
	dtRELR   elf.DynTag = 36
)

// maxNeeded is many more libraries than a program names.
const maxNeeded = 4096

// loadDynamic reads the dynamic section, and relocates the image with what it
// lists: the words of the data get the values that the dynamic loader would
// write if it loaded the program at address 0.
func (f *File) loadDynamic(e *elfFile) error {
	d, err := f.readDynamic(e)
	if err != nil || d == nil {
		return err
	}
	if f.PIE && f.Interp == "" && elf.DynFlag1(d.tags[elf.DT_FLAGS_1])&elf.DF_1_PIE == 0 {
		return fmt.Errorf("%w: it is a shared library (-buildmode=c-shared, shared or plugin), not a program", ErrNotGo)
	}
	if err := f.loadNeeded(d); err != nil {
		return err
	}
	return f.relocate(d)
}

// readDynamic returns nil where the program has no dynamic section.
func (f *File) readDynamic(e *elfFile) (*dynamic, error) {
	i := slices.IndexFunc(e.progs, func(p prog) bool { return p.typ == elf.PT_DYNAMIC })
	if i < 0 {
		if f.PIE {
			return nil, damaged("it is position independent, and has no dynamic section")
		}
		return nil, nil
	}
	b := f.Bytes(e.progs[i].addr, e.progs[i].fileSize)
	if b == nil {
		return nil, damaged("its dynamic section is not in the image")
	}
	d := &dynamic{tags: map[elf.DynTag]uint64{}}
	for ; len(b) >= dynSize; b = b[dynSize:] {
		switch tag, value := elf.DynTag(f.Order.Uint64(b)), f.Order.Uint64(b[8:]); tag {
		case elf.DT_NULL:
			return d, nil
		case elf.DT_NEEDED:
			if d.needed = append(d.needed, value); len(d.needed) > maxNeeded {
				return nil, damaged("it names more than %d shared libraries", maxNeeded)
			}
		case elf.DT_STRTAB, elf.DT_SYMTAB, elf.DT_FLAGS_1, elf.DT_RELA, elf.DT_RELASZ, elf.DT_JMPREL, elf.DT_PLTRELSZ, dtRELR, dtRELRSZ:
			d.tags[tag] = value
		}
	}
	return d, nil
}

func (f *File) loadNeeded(d *dynamic) error {
	for _, off := range d.needed {
		name := str(f.From(d.tags[elf.DT_STRTAB]), off)
		if name == "" {
			return damaged("it names a shared library whose name is not in the image")
		}
		f.Needed = append(f.Needed, name)
	}
	return nil
}
